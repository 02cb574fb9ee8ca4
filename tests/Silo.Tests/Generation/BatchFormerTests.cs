using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class BatchFormerTests
{
    private BatchFormer _former = new(isCutIntoPasses: false);

    [Fact]
    public void Form_WhenNothingIsToBeSent_SaysSo() => _former.Form([], Limits(8), Batch(8)).ShouldBeFalse();

    [Fact]
    public void Form_WhenStreamsRun_PutsTheirRowsBeforePrompts()
    {
        var prompt = new Sequence(0, Prompt(100), chunkRows: 64);

        var batch = Form([prompt, Decoding(1), Decoding(2), Decoding(3)], Limits(8));

        batch.Rows.ToArray().Select(row => row.Slot).ShouldBe([1, 2, 3, 0, 0, 0, 0, 0]);
        batch.Rows.ToArray().Take(3).ShouldAllBe(row => row.Sample && row.Position == 1);
    }

    [Fact]
    public void Form_WhenRowsAreBounded_GivesPromptsWhatIsLeftButNeverNothing()
    {
        var prompt = new Sequence(0, Prompt(100), chunkRows: 64);
        var limits = new BatchLimits(MaximumRows: 20, DecodeRows: 9, Rows: 8, LeastPromptRows: 2);

        Form([prompt, Decoding(1), Decoding(2)], limits).Parts.ToArray().Select(part => part.RowCount).ShouldBe([1, 1, 6]);
        Form([prompt, .. Enumerable.Range(1, 9).Select(Decoding)], limits).RowCount.ShouldBe(9 + 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Form_WhenStreamsCouldFillEveryBatch_LetsPromptsGetOn(int maximumRows)
    {
        var prompt = new Sequence(0, Prompt(10), chunkRows: 8);
        for (var batch = 0; batch < 20 && prompt.IsPrefilling; batch++)
        {
            Sequence[] sequences = [prompt, .. Enumerable.Range(1, 9).Select(Decoding)];
            var formed = Form(sequences, new BatchLimits(maximumRows, DecodeRows: 9, maximumRows, LeastPromptRows: 8));
            formed.RowCount.ShouldBe(maximumRows);
        }

        prompt.IsPrefilling.ShouldBeFalse();
    }

    [Fact]
    public void Form_WhenStreamsShareSeveralBatches_GivesEachBatchItsShare()
    {
        var sequences = Enumerable.Range(0, 8).Select(Decoding).ToList();

        var slots = Enumerable.Range(0, 3)
            .Select(_ => Form(sequences, Limits(16) with { DecodeRows = 3 }).Rows.ToArray().Select(row => row.Slot).ToArray()).ToList();

        slots.ShouldBe([[0, 1, 2], [3, 4, 5], [6, 7]]);
    }

    [Theory]
    [InlineData(6, 1, 4)]
    [InlineData(64, 1, 64)]
    [InlineData(63, 3, 60)]
    [InlineData(2, 1, 2)]
    public void Form_WhenPromptsFillABatch_EndsItAtAWholeTile(int rows, int streams, int expected) =>
        Form([new Sequence(0, Prompt(100), chunkRows: 64), .. Enumerable.Range(1, streams).Select(Decoding)], Limits(rows))
            .RowCount.ShouldBe(expected);

    [Fact]
    public void Form_WhenPromptsWait_LetsThemTakeTurns()
    {
        var sequences = Enumerable.Range(0, 3).Select(slot => new Sequence(slot, Prompt(12), chunkRows: 4)).ToList();

        var order = Enumerable.Range(0, 9)
            .Select(_ => Form(sequences, Limits(4)).Rows.ToArray().Select(row => row.Slot).Distinct().Single());

        order.ShouldBe([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    }

    [Fact]
    public void Form_WhenAChunkIsLeftPartlyEmpty_FillsItWithTheNextPromptAndNoFurther()
    {
        Sequence[] sequences = [new(0, Prompt(3), chunkRows: 8), new(1, Prompt(40), chunkRows: 8)];

        Form(sequences, Limits(64)).Parts.ToArray().Select(part => part.RowCount).ShouldBe([3, 5]);
        Form(sequences, Limits(64)).Parts.ToArray().Select(part => part.RowCount).ShouldBe([8]);
    }

    [Theory]
    [InlineData(16, 3, new[] { 1, 1, 1, 16 })]
    [InlineData(21, 3, new[] { 1, 1, 1, 16 })]
    [InlineData(2, 1, new[] { 1, 2 })]
    public void Form_WhenAPromptHasAPassOfItsOwn_EndsThatAtAWholeTile(int rows, int streams, int[] expected)
    {
        _former = new BatchFormer(isCutIntoPasses: true);
        var limits = Limits(64) with { Rows = rows, LeastPromptRows = rows };

        Form([new Sequence(0, Prompt(100), chunkRows: 19), .. Enumerable.Range(1, streams).Select(Decoding)], limits)
            .Parts.ToArray().Select(part => part.RowCount).ShouldBe(expected);
    }

    [Fact]
    public void Form_WhenPromptsHavePassesOfTheirOwn_FillsABatchWithWholePromptsOnly()
    {
        _former = new BatchFormer(isCutIntoPasses: true);
        Sequence[] sequences = [new(0, Prompt(3), chunkRows: 8), new(1, Prompt(5), chunkRows: 8), new(2, Prompt(9), chunkRows: 8)];

        Form(sequences, Limits(64)).Parts.ToArray().Select(part => part.RowCount).ShouldBe([3, 5]);
        Form(sequences, Limits(64)).Parts.ToArray().Select(part => part.RowCount).ShouldBe([8]);
        Form(sequences, Limits(64)).Parts.ToArray().Select(part => part.RowCount).ShouldBe([1]);
    }

    [Fact]
    public void Form_WhenMoreStreamsRunThanABatchHolds_LeavesNobodyOut()
    {
        var sequences = Enumerable.Range(0, 5).Select(Decoding).ToList();
        var counts = new int[5];

        for (var step = 0; step < 10; step++)
        {
            foreach (var part in Form(sequences, Limits(3)).Parts)
            {
                counts[part.Sequence.Slot]++;
                part.Sequence.Continue(0);
            }
        }

        counts.ShouldAllBe(count => count == 6);
    }

    [Theory]
    [InlineData(true, new[] { 8 })]
    [InlineData(false, new[] { 8, 0, 1, 2 })]
    public void Form_WhenPassesAreOfNeighbours_DoesNotPutTheLastStreamsBesideTheFirst(bool isCutIntoPasses, int[] expected)
    {
        _former = new BatchFormer(isCutIntoPasses);
        Sequence[] sequences = [.. Enumerable.Range(0, 9).Select(Decoding)];
        var first = Form(sequences, Limits(4));
        SlotsOf(Form(sequences, Limits(4))).ShouldBe([4, 5, 6, 7]);

        Answer(first);

        SlotsOf(Form(sequences, Limits(4))).ShouldBe(expected);
    }

    [Fact]
    public void Form_WhenFewAreLeftUpToTheLastStream_TakesThoseBeforeThemAlong()
    {
        _former = new BatchFormer(isCutIntoPasses: true);
        Sequence[] sequences = [.. Enumerable.Range(0, 5).Select(Decoding), new Sequence(5, Prompt(9), 8), Decoding(6)];
        Answer(Form(sequences, Limits(16) with { DecodeRows = 3, Rows = 0 }));

        SlotsOf(Form(sequences, Limits(16) with { DecodeRows = 4, Rows = 0 })).ShouldBe([2, 3, 4, 6, 5]);
        SlotsOf(Form(sequences, Limits(16) with { DecodeRows = 4, Rows = 0 })).ShouldBe([0, 1, 5]);
    }

    [Fact]
    public void Form_WhateverIsUnderWayAtFirst_SettlesIntoTheFewestBatchesOfTheSameStreams()
    {
        _former = new BatchFormer(isCutIntoPasses: true);
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (streams, batches) = (random.Next(1, 17), random.Next(1, 4));
            var share = batches == 1 ? streams : RowTile.ShareOf(streams, batches);
            var cycle = (streams + share - 1) / share;
            Sequence[] sequences = [.. Enumerable.Range(0, streams).Select(Decoding)];
            var (ring, formed) = (new Queue<BatchInFlight>(), new List<string>());
            for (var step = 0; step < 80; step++)
            {
                // Begun in any composition: batches of fewer rows than their share.
                var rows = step < 8 ? random.Next(1, share + 1) : share;
                while (ring.Count < Math.Min(batches, cycle))
                {
                    var batch = Batch(16);
                    if (!_former.Form(sequences, Limits(16) with { DecodeRows = rows }, batch))
                        break;
                    ring.Enqueue(batch);
                    formed.Add(string.Join(' ', SlotsOf(batch)));
                }
                Answer(ring.Dequeue());
            }

            formed[^(2 * cycle)..^cycle].ShouldBe(formed[^cycle..], $"seed {seed}: {string.Join(" | ", formed[^12..])}");
            formed[^cycle..].SelectMany(batch => batch.Split(' ')).Select(int.Parse).Order().ShouldBe(Enumerable.Range(0, streams));
        }
    }

    [Fact]
    public void Form_WhenASequenceIsPaused_TakesNoDecodeRowOfIt()
    {
        var (paused, running) = (Decoding(0), Decoding(1));
        paused.IsPaused = true;

        Form([paused, running], Limits(8)).Rows.ToArray().Select(row => row.Slot).ShouldBe([1]);
        paused.IsPaused = false;
        Form([paused, running], Limits(8)).Rows.ToArray().Select(row => row.Slot).ShouldBe([0]);
    }

    [Fact]
    public void Form_WhateverTheSequences_KeepsToItsBoundsAndLosesNoRow()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var maximumRows = random.Next(1, 12);
            _former = new BatchFormer(isCutIntoPasses: seed % 2 == 0);
            var sequences = Enumerable.Range(0, random.Next(1, 8))
                .Select(slot => new Sequence(slot, Prompt(random.Next(1, 20)), random.Next(1, 9))).ToArray();
            var limits = new BatchLimits(maximumRows, random.Next(1, 9), random.Next(1, 14), random.Next(1, 4));
            var next = new int[sequences.Length];
            var batch = new BatchInFlight(maximumRows, sequences.Length);
            for (var step = 0; step < 60; step++, batch.Clear())
            {
                if (!_former.Form(sequences, limits, batch))
                    break;
                batch.RowCount.ShouldBeInRange(1, maximumRows, $"seed {seed}");
                batch.Parts.ToArray().Sum(part => part.RowCount).ShouldBe(batch.RowCount, $"seed {seed}");
                foreach (var row in batch.Rows)
                    row.Position.ShouldBe(next[row.Slot]++, $"seed {seed}");
                foreach (var part in batch.Parts.ToArray().Where(part => part.IsSampled && random.Next(10) > 0))
                    part.Sequence.Continue(random.Next(100));
            }
        }
    }

    [Fact]
    public void Form_WhenItRunsOnAndOn_AllocatesNothing()
    {
        Sequence[] sequences = [new(0, Prompt(5_000), chunkRows: 3), .. Enumerable.Range(1, 5).Select(Decoding)];
        var batch = new BatchInFlight(8, sequences.Length);
        Steps(100);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Steps(1_000);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        sequences[1].SentRows.ShouldBeGreaterThan(600);

        void Steps(int count)
        {
            for (var step = 0; step < count; step++, batch.Clear())
            {
                _former.Form(sequences, Limits(8) with { DecodeRows = 3 }, batch);
                foreach (var part in batch.Parts)
                {
                    if (part.IsSampled)
                        part.Sequence.Continue(7);
                }
            }
        }
    }

    private static void Answer(BatchInFlight batch)
    {
        foreach (var part in batch.Parts.ToArray().Where(part => part.IsSampled))
            part.Sequence.Continue(7);
    }

    private static int[] SlotsOf(BatchInFlight batch) => [.. batch.Parts.ToArray().Select(part => part.Sequence.Slot)];

    private BatchInFlight Form(IReadOnlyList<Sequence> sequences, BatchLimits limits)
    {
        var batch = Batch(limits.MaximumRows);
        _former.Form([.. sequences], limits, batch).ShouldBeTrue();
        return batch;
    }

    private static BatchLimits Limits(int rows) => new(rows, DecodeRows: rows, rows, LeastPromptRows: 1);

    private static BatchInFlight Batch(int maximumRows) => new(maximumRows, maximumParts: 16);

    private static Sequence Decoding(int slot)
    {
        var sequence = new Sequence(slot, Prompt(1), 1, maximumTokens: 2_000);
        sequence.Take(Batch(1), 1);
        sequence.Continue(7);
        return sequence;
    }

    private static int[] Prompt(int length) => [.. Enumerable.Range(10, length)];
}
