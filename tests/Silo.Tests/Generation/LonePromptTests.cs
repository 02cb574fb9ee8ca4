using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

/// <summary>How batches take a prompt that nothing else runs beside.</summary>
public sealed class LonePromptTests
{
    private readonly BatchFormer _former = new(isCutIntoPasses: false);

    [Fact]
    public void Form_WhenAPromptIsLong_SendsItInChunksAndSamplesItsLastRowOnly()
    {
        var sequence = new Sequence(2, Prompt(7), chunkRows: 3);

        var batches = Enumerable.Range(0, 3).Select(_ => Form(sequence, Limits(8))).ToList();

        batches.Select(batch => batch.RowCount).ShouldBe([3, 3, 1]);
        batches.SelectMany(batch => batch.Rows.ToArray()).Select(row => row.Position).ShouldBe(Enumerable.Range(0, 7));
        batches.SelectMany(batch => batch.Tokens.ToArray()).ShouldBe(Prompt(7));
        batches.SelectMany(batch => batch.Rows.ToArray()).Where(row => row.Sample).ShouldBe([new BatchRow(2, 6, true)]);
        batches[2].Parts.ToArray().ShouldBe([new SequencePart(sequence, 1, 7, IsSampled: true, Era: 0)]);
        batches.ShouldAllBe(batch => batch.HoldsPrompt);
        _former.Form([sequence], Limits(8), new BatchInFlight(8, maximumParts: 1)).ShouldBeFalse();
    }

    /// <summary>Rows that attention takes one by one come to other last bits than those of a tile.</summary>
    [Theory]
    [InlineData(300, 64, new[] { 64, 64, 64, 108 })]
    [InlineData(1000, 512, new[] { 512, 488 })]
    [InlineData(550, 512, new[] { 484, 66 })]
    [InlineData(63, 64, new[] { 63 })]
    [InlineData(127, 64, new[] { 127 })]
    public void Form_WhenAPromptIsAlone_LeavesNoPartShorterThanATile(int prompt, int chunkRows, int[] expected)
    {
        var sequence = new Sequence(0, Prompt(prompt), chunkRows);
        var parts = new List<int>();
        while (sequence.IsPrefilling)
            parts.Add(Form(sequence, Limits(512)).RowCount);

        parts.ShouldBe(expected);
    }

    private BatchInFlight Form(Sequence sequence, BatchLimits limits)
    {
        var batch = new BatchInFlight(limits.MaximumRows, maximumParts: 1);
        _former.Form([sequence], limits, batch).ShouldBeTrue();
        return batch;
    }

    private static BatchLimits Limits(int rows) => new(rows, DecodeRows: rows, rows, LeastPromptRows: 1);

    private static int[] Prompt(int length) => [.. Enumerable.Range(10, length)];
}
