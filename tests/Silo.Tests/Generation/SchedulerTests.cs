using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class SchedulerTests
{
    private const int Stages = 3;

    private static readonly int[] s_repetitive = [5, 11, 12, 13, 14, 15, 11, 12];
    private static readonly int[] s_dice = [0, 11, 12, 13, 14, 15, 11, 12];

    [Fact]
    public void Ring_WhenStreamsAreAsManyAsStagesOrMore_HasEveryStageAtWork()
    {
        var ring = new SimulatedRing(Stages);
        var completions = Enumerable.Range(0, 6).Select(number => ring.Start([.. s_dice, number], tokens: 50)).ToList();

        ring.RunUntilAllEnd(completions);

        // Six streams in three batches of two: three ticks a token.
        ring.Ticks.ShouldBeLessThan((50 * Stages) + 20);
        completions.ShouldAllBe(completion => completion.SampledTokens == 50);
    }

    [Theory]
    [InlineData(4, 1, 1, 3)]
    [InlineData(4, 2, 1, 4)]
    [InlineData(5, 2, 1, 5)]
    [InlineData(6, 2, 1, 6)]
    public void Streams_WhenPairsCostAsMuchAsTwoRows_GoOneByOneWhereThatIsQuicker(int count, int pairTicks, int singleTicks, int expectedRound)
    {
        const int tokens = 400;
        var ring = new SimulatedRing(Stages) { StageTicks = TicksOf, Microseconds = rows => 1_000 * TicksOf(rows) };
        var completions = Enumerable.Range(0, count).Select(number => ring.Start([.. s_dice, number], tokens)).ToList();

        ring.RunUntilAllEnd(completions);

        // Now and then the other way is tried again.
        ring.Ticks.ShouldBeInRange(tokens * expectedRound, (int)(tokens * expectedRound * 1.05) + 40);

        int TicksOf(int rows) => rows == 1 ? singleTicks : pairTicks;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    public void Streams_WhateverTheirNumber_GetOnAlike(int count)
    {
        var ring = new SimulatedRing(Stages);
        var completions = Enumerable.Range(0, count).Select(number => ring.Start([.. s_dice, number], tokens: 60)).ToList();

        while (completions.All(completion => !completion.Finished.IsCompleted))
        {
            ring.Tick();
            var tokens = completions.Select(completion => completion.SampledTokens).ToList();
            (tokens.Max() - tokens.Min()).ShouldBeLessThanOrEqualTo(2, $"tick {ring.Ticks}");
        }
    }

    [Fact]
    public void Prompt_WhenItIsLong_HasItsChunksOnAllStagesAtOnce()
    {
        var ring = new SimulatedRing(Stages);
        var completion = ring.Start([.. Enumerable.Repeat(1, 160)], tokens: 1, chunkRows: 8);

        ring.RunUntilAllEnd([completion]);

        ring.Ticks.ShouldBeLessThanOrEqualTo((160 / 8) + Stages + 2);
    }

    [Fact]
    public void Prompt_WhenStreamsRun_NeitherStopsThemNorIsStopped()
    {
        var ring = new SimulatedRing(Stages);
        var streams = Enumerable.Range(0, 4).Select(number => ring.Start([.. s_dice, number], tokens: 400)).ToList();
        while (streams.Any(stream => stream.SampledTokens < 10))
            ring.Tick();
        var (before, ticks) = (streams.Select(stream => stream.SampledTokens).ToList(), ring.Ticks);

        var prompt = ring.Start([.. Enumerable.Repeat(1, 600)], tokens: 1, chunkRows: 32);
        while (!prompt.Finished.IsCompleted)
            ring.Tick();

        var passed = ring.Ticks - ticks;
        passed.ShouldBeLessThan(60, "about 25 rows a tick");
        streams.Zip(before, (stream, start) => stream.SampledTokens - start).ShouldAllBe(tokens => tokens >= (passed / Stages) - 2);
    }

    [Fact]
    public async Task Guesses_WhenOneStreamRepeatsItself_FillTheIdleStages()
    {
        var (with, without) = (Run(drafts: 8), Run(drafts: 0));

        without.Ring.Ticks.ShouldBeGreaterThan(300 * Stages);
        with.Ring.Ticks.ShouldBeLessThan(without.Ring.Ticks / 2);
        (await with.Completion.Finished).AcceptedTokens.ShouldBeGreaterThan(200);
        SimulatedRing.TokensOf(with.Completion).ShouldBe(SimulatedRing.Complete(s_repetitive, 300));
        SimulatedRing.TokensOf(without.Completion).ShouldBe(SimulatedRing.Complete(s_repetitive, 300));

        static (SimulatedRing Ring, Completion Completion) Run(int drafts)
        {
            var ring = new SimulatedRing(Stages, new HeadOptions { DraftTokens = drafts });
            var completion = ring.Start(s_repetitive, 300);
            ring.RunUntilAllEnd([completion]);
            return (ring, completion);
        }
    }

    [Theory]
    [InlineData(1, 1.1, 4)]
    [InlineData(Stages, 1.1, 4)]
    [InlineData(1, 3.2, 4)]
    [InlineData(Stages, 4.2, 1)]
    [InlineData(1, 4.2, 1)]
    public async Task Guesses_WhenTheyAreRight_ShareBatchesWhereThatTakesLessTime(int stages, double cost, int expectedRows)
    {
        var ring = new SimulatedRing(stages) { Microseconds = rows => (int)(1_000 * (rows == 1 ? 1 : cost)) };
        var completion = ring.Start(s_repetitive, 240);

        ring.RunUntilAllEnd([completion]);

        SimulatedRing.TokensOf(completion).ShouldBe(SimulatedRing.Complete(s_repetitive, 240));
        var rows = ring.Batches.Skip(1).Select(batch => batch.Length).ToList();
        rows.Max().ShouldBe(4, "it is tried");
        if (expectedRows == 1)
            rows.Count(count => count > 1).ShouldBeLessThanOrEqualTo(2 * stages, "and not again once its time is known");
        else
            rows.Count(count => count == 4).ShouldBeGreaterThan(rows.Count / 2);
        if (stages > 1 || expectedRows > 1)
            (await completion.Finished).AcceptedTokens.ShouldBeGreaterThan(120);
    }

    [Fact]
    public void Guesses_WhenRowsAreToHaveBatchesOfTheirOwn_NeverShareOne()
    {
        var ring = new SimulatedRing(Stages, new HeadOptions { DraftRows = 1 }) { Microseconds = _ => 1_000 };

        ring.RunUntilAllEnd([ring.Start(s_repetitive, 300)]);

        ring.Batches.Skip(1).ShouldAllBe(batch => batch.Length == 1);
    }

    [Fact]
    public async Task Guesses_WhenTheyAreWrong_CostNoTimeAndStop()
    {
        var ring = new SimulatedRing(Stages);
        var completion = ring.Start(s_dice, 300);

        ring.RunUntilAllEnd([completion]);

        ring.Ticks.ShouldBeLessThan((301 * (Stages + 1)) + 10);
        (await completion.Finished).DraftedTokens.ShouldBeLessThan(30);
    }

    [Fact]
    public void Guesses_WhenOtherStreamsKeepTheStagesAtWork_AreNotMade()
    {
        var ring = new SimulatedRing(Stages);
        var completions = Enumerable.Range(0, 3).Select(_ => ring.Start(s_repetitive, 200)).ToList();

        while (completions.All(completion => completion.SampledTokens < 190))
            ring.Tick();

        completions.ShouldAllBe(completion => completion.Sequence!.Drafts!.DraftedTokens == 0);
    }

    [Fact]
    public async Task Stream_WhenAPromptBesideItFails_GoesOn()
    {
        var ring = new SimulatedRing(Stages);
        var stream = ring.Start(s_dice, tokens: 100);
        while (stream.SampledTokens < 10)
            ring.Tick();
        var prompt = ring.Start([.. Enumerable.Repeat(1, 300)], tokens: 1, chunkRows: 16);
        // The first batch with rows of the prompt alone; those behind it, some with the stream's rows, can then not be computed either.
        var hasFailed = false;
        ring.IsFaulty = () => !hasFailed && (hasFailed = ring.Batches[^1].All(slot => slot == prompt.Sequence?.Slot));

        ring.RunUntilAllEnd([stream, prompt]);

        hasFailed.ShouldBeTrue();
        (await prompt.Finished).Error.ShouldNotBeNull();
        (await stream.Finished).Reason.ShouldBe(FinishReason.Length);
        SimulatedRing.TokensOf(stream).ShouldBe(SimulatedRing.Complete(s_dice, 100));
    }

    [Fact]
    public async Task Tokens_WhateverIsGuessedReusedCancelledOrFails_AreTheModels()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var options = new HeadOptions
            {
                DraftTokens = random.Next(0, 9), BatchesInFlight = random.Next(0, 6), PrefixReuse = random.Next(2) == 0,
                MinimumReusedTokens = 4, DraftRows = random.Next(1, 10),
            };
            var ring = new SimulatedRing(random.Next(1, 6), options);
            var rowCost = random.NextDouble();
            if (random.Next(3) > 0)
                ring.Microseconds = rows => (int)(1_000 * (1 + (rows - 1) * rowCost));
            var faultPercent = random.Next(3) == 0 ? 2 : 0;
            ring.IsFaulty = () => random.Next(100) < faultPercent;
            var started = new List<(Completion Completion, int[] Prompt)>();
            for (var step = 0; step < 200; step++)
            {
                if (started.Count < 12 && random.Next(8) == 0)
                {
                    int[] prompt = [.. s_repetitive.Take(random.Next(6, 9)), .. Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(90))];
                    prompt[0] = random.Next(6);
                    started.Add((ring.Start(prompt, random.Next(1, 60), random.Next(1, 20)), prompt));
                }
                if (started.Count > 0 && random.Next(60) == 0)
                    started[random.Next(started.Count)].Completion.Cancel();
                ring.Tick();
            }

            ring.RunUntilAllEnd([.. started.Select(one => one.Completion)]);

            foreach (var (completion, prompt) in started)
                ShouldBeTheModels(completion, await completion.Finished, prompt, faultPercent > 0, $"seed {seed}");
        }
    }

    private static void ShouldBeTheModels(Completion completion, GenerationFinish finish, int[] prompt, bool mayFail, string because)
    {
        if (!mayFail)
            finish.Error.ShouldBeNull(because);
        if (finish.Reason is FinishReason.Length)
            finish.CompletionTokens.ShouldBe(completion.Prompt.MaximumTokens, because);
        finish.AcceptedTokens.ShouldBeLessThanOrEqualTo(finish.DraftedTokens, because);
        SimulatedRing.TokensOf(completion).ShouldBe(SimulatedRing.Complete(prompt, finish.CompletionTokens), because);
    }
}
