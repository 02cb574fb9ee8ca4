using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class BatchPaceTests
{
    [Theory]
    [InlineData(1, 1, 8, new[] { 8 })]
    [InlineData(1, 1, 7, new[] { 4 })]
    [InlineData(2, 2, 8, new[] { 4, 4 })]
    [InlineData(3, 3, 8, new[] { 4, 4 })]
    [InlineData(3, 3, 9, new[] { 4, 4, 1 })]
    [InlineData(3, 3, 5, new[] { 2, 2, 1 })]
    [InlineData(3, 3, 16, new[] { 4, 4, 4 })]
    public void Limits_WhenStreamsRun_SpreadThemOverBatchesInWholeTiles(int stages, int depth, int streams, int[] expected)
    {
        var pace = Pace(stages);
        Sequence[] sequences = [.. Enumerable.Range(0, streams).Select(Decoding)];
        var (former, batches) = (new BatchFormer(isCutIntoPasses: false), new List<int>());

        while (pace.LimitsFor(sequences, batches.Count) is { } limits)
        {
            var batch = new BatchInFlight(64, streams);
            if (!former.Form(sequences, limits, batch))
                break;
            batches.Add(batch.RowCount);
        }

        batches.Count.ShouldBeLessThanOrEqualTo(depth);
        batches.ShouldBe(expected);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(13)]
    public void Limits_WhenOneStageComputesInPassesOfNeighbours_TakeAllStreamsAtOnce(int streams) =>
        Pace(stages: 1, isCutIntoPasses: true).LimitsFor([.. Enumerable.Range(0, streams).Select(Decoding)], batchesInFlight: 0)!
            .Value.DecodeRows.ShouldBe(streams);

    [Fact]
    public void Limits_WhenSeveralPromptsWaitBesideStreams_LetABatchHoldMoreOfThem()
    {
        var pace = Pace(stages: 1);
        Sequence[] Prompts(int count) => [Decoding(0), .. Enumerable.Range(1, count).Select(slot => new Sequence(slot, new int[16], 16))];

        pace.LimitsFor(Prompts(4), batchesInFlight: 0)!.Value.Rows.ShouldBe(2 * pace.LimitsFor(Prompts(1), batchesInFlight: 0)!.Value.Rows);
    }

    [Theory]
    [InlineData(1, 6, 16, true, new[] { 16, 16, 16, 16 })]
    [InlineData(2, 6, 16, true, new[] { 16, 16 })]
    [InlineData(2, 6, 10, true, new[] { 10, 10, 10 })]
    [InlineData(2, 6, 40, true, new[] { 40 })]
    [InlineData(2, 16, 16, true, new[] { 16, 16, 16, 16 })]
    [InlineData(2, 6, 10, false, new[] { 10, 10, 10, 2 })]
    [InlineData(3, 16, 12, true, new[] { 12, 12 })]
    public void Limits_WhenSeveralPromptsWaitForSeveralStages_SpreadThemOverBatches(
        int stages, int prompts, int rows, bool isCutIntoPasses, int[] expected)
    {
        Sequence[] sequences = [.. Enumerable.Range(0, prompts).Select(slot => new Sequence(slot, new int[rows], chunkRows: 64))];
        var batch = new BatchInFlight(64, prompts);

        new BatchFormer(isCutIntoPasses).Form(sequences, Pace(stages).LimitsFor(sequences, batchesInFlight: 0)!.Value, batch).ShouldBeTrue();

        batch.Parts.ToArray().Select(part => part.RowCount).ShouldBe(expected);
    }

    [Fact]
    public void Limits_WhenAPromptIsUnderWay_FillEveryStageThoughStreamsWouldNot()
    {
        var pace = Pace(stages: 3);
        Sequence[] streams = [.. Enumerable.Range(0, 8).Select(Decoding)];

        pace.LimitsFor(streams, batchesInFlight: 2).ShouldBeNull();
        pace.LimitsFor([.. streams, new Sequence(8, new int[100], chunkRows: 32)], batchesInFlight: 2).ShouldNotBeNull();
    }

    private static BatchPace Pace(int stages, bool isCutIntoPasses = false) => new(
        new StageAssignment("fake/0", "fake", 1, 0, stages, 0, 1, "device", SlotCount: 16, 1_000, 1_000, MaximumBatchRows: 64, QueueLength: 4),
        new HeadOptions(), isCutIntoPasses);

    private static Sequence Decoding(int slot)
    {
        var sequence = new Sequence(slot, new int[1], chunkRows: 1);
        sequence.Take(new BatchInFlight(1, 1), 1);
        sequence.Continue(7);
        return sequence;
    }
}
