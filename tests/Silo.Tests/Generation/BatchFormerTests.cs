using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class BatchFormerTests
{
    [Fact]
    public void Form_WhenNothingIsToBeSent_ReturnsNull() => new BatchFormer(8).Form([]).ShouldBeNull();

    [Fact]
    public void Form_WhenAPromptIsLong_SendsItInChunksAndSamplesItsLastRowOnly()
    {
        var former = new BatchFormer(8);
        var sequence = new Sequence(2, Prompt(7), chunkRows: 3);

        var batches = Enumerable.Range(0, 3).Select(_ => former.Form([sequence]).ShouldNotBeNull()).ToList();

        batches.Select(batch => batch.Rows.Length).ShouldBe([3, 3, 1]);
        batches.SelectMany(batch => batch.Rows).Select(row => row.Position).ShouldBe(Enumerable.Range(0, 7));
        batches.SelectMany(batch => batch.Tokens).ShouldBe(Prompt(7));
        batches.SelectMany(batch => batch.Rows).Where(row => row.Sample).ShouldBe([new BatchRow(2, 6, true)]);
        batches[2].Parts.ShouldBe([new SequencePart(sequence, 1, 7, IsSampled: true)]);
        former.Form([sequence]).ShouldBeNull();
    }

    [Fact]
    public void Form_WhenStreamsRun_PutsTheirRowsBeforePrompts()
    {
        var former = new BatchFormer(6);
        var prompt = new Sequence(0, Prompt(100), chunkRows: 64);
        var running = new[] { Decoding(1), Decoding(2), Decoding(3) };

        var batch = former.Form([prompt, .. running]).ShouldNotBeNull();

        batch.Rows.Select(row => row.Slot).ShouldBe([1, 2, 3, 0, 0, 0]);
        batch.Rows.Take(3).ShouldAllBe(row => row.Sample && row.Position == 1);
    }

    [Fact]
    public void Form_WhenPromptsWait_LetsThemTakeTurns()
    {
        var former = new BatchFormer(4);
        var sequences = Enumerable.Range(0, 3).Select(slot => new Sequence(slot, Prompt(12), chunkRows: 4)).ToList();

        var order = Enumerable.Range(0, 9).Select(_ => former.Form(sequences)!.Rows.Select(row => row.Slot).Distinct().Single());

        order.ShouldBe([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    }

    [Fact]
    public void Form_WhenMoreStreamsRunThanABatchHolds_LeavesNobodyOut()
    {
        var former = new BatchFormer(3);
        var sequences = Enumerable.Range(0, 5).Select(Decoding).ToList();
        var counts = new int[5];

        for (var step = 0; step < 10; step++)
        {
            foreach (var part in former.Form(sequences).ShouldNotBeNull().Parts)
            {
                counts[part.Sequence.Slot]++;
                part.Sequence.Continue(0);
            }
        }

        counts.ShouldAllBe(count => count == 6);
    }

    [Fact]
    public void Form_WhenASequenceIsPaused_TakesNoDecodeRowOfIt()
    {
        var former = new BatchFormer(8);
        var (paused, running) = (Decoding(0), Decoding(1));
        paused.IsPaused = true;

        former.Form([paused, running]).ShouldNotBeNull().Rows.Select(row => row.Slot).ShouldBe([1]);
        paused.IsPaused = false;
        former.Form([paused, running]).ShouldNotBeNull().Rows.Select(row => row.Slot).ShouldBe([0]);
    }

    [Fact]
    public void Form_WhateverTheSequences_KeepsToItsBoundsAndLosesNoRow()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var maximumRows = random.Next(1, 12);
            var former = new BatchFormer(maximumRows);
            var sequences = Enumerable.Range(0, random.Next(1, 8))
                .Select(slot => new Sequence(slot, Prompt(random.Next(1, 20)), random.Next(1, 9))).ToList();
            var next = new int[sequences.Count];
            for (var step = 0; step < 60; step++)
            {
                if (former.Form(sequences) is not { } batch)
                    break;
                batch.Rows.Length.ShouldBeInRange(1, maximumRows, $"seed {seed}");
                batch.Parts.Sum(part => part.RowCount).ShouldBe(batch.Rows.Length, $"seed {seed}");
                foreach (var row in batch.Rows)
                    row.Position.ShouldBe(next[row.Slot]++, $"seed {seed}");
                foreach (var part in batch.Parts.Where(part => part.IsSampled && random.Next(10) > 0))
                    part.Sequence.Continue(random.Next(100));
            }
        }
    }

    private static Sequence Decoding(int slot)
    {
        var sequence = new Sequence(slot, Prompt(1), 1);
        sequence.Take([], [], 1);
        sequence.Continue(7);
        return sequence;
    }

    private static int[] Prompt(int length) => [.. Enumerable.Range(10, length)];
}
