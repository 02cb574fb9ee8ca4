using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Prompts that begin alike, through head, ring and data plane.</summary>
public sealed class PrefixReuseTests
{
    private static readonly string s_system = new('s', 60);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SecondTurn_WhenAConversationGoesOn_ComputesOnlyWhatIsNew(int stages)
    {
        var settings = new Dictionary<string, string?> { ["Generation:DraftTokens"] = "0" };
        await using var ring = await TestRing.StartReadyAsync(stages, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var question = s_system + FakeModel.PromptOf(1);
        var answer = await gateway.CompleteAsync(question, 30);
        var rows = RowsOf(ring.EngineOf(stages - 1));
        int[] next = [.. FakeModel.Tokenize(question), .. answer.Tokens.Select(token => token.Token), .. FakeModel.Tokenize("what else?")];

        var second = await gateway.SendAsync(new GenerationRequest
        {
            PromptTokens = [.. next], Sampling = SamplingParameters.Greedy, MaximumTokens = 20,
        });
        await second.Finished.Within();

        second.Text.ShouldBe(FakeModel.TextOf(FakeModel.Complete(next, 20)));
        answer.Finish.CachedTokens.ShouldBe(0);
        // The answer's last token never became a row.
        second.Finish.CachedTokens.ShouldBe(question.Length + answer.Finish.CompletionTokens - 1);
        var computed = second.Finish.PromptTokens - second.Finish.CachedTokens + second.Finish.CompletionTokens - 1;
        (RowsOf(ring.EngineOf(stages - 1)) - rows).ShouldBe(computed);
        ring.EngineOf(stages - 1).Calls.ShouldContain($"clear 0 from {second.Finish.CachedTokens}");
        await GenerationTests.ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Prompts_WhenTheyBeginLikeOneThatRuns_AreCopiedOnEveryStage()
    {
        await using var ring = await TestRing.StartReadyAsync(3, context: 400, batchRows: 64);
        await using var gateway = await ring.ConnectAsync();
        using var steps = new SemaphoreSlim(0);
        ring.EngineOf(0).BeforeDecode = _ => steps.WaitAsync(TestContext.Current.CancellationToken);
        var prompts = Enumerable.Range(0, 3).Select(number => s_system + FakeModel.PromptOf(number)).ToList();
        var running = await gateway.SendAsync(prompts[0], 200);
        steps.Release(4);
        await Eventually.AsyncIs(() => running.Tokens.Count > 0, "the first stream runs");

        var others = new[] { await gateway.SendAsync(prompts[1], 30), await gateway.SendAsync(prompts[2], 30) };
        steps.Release(1000);
        await Task.WhenAll(others.Append(running).Select(one => one.Finished)).Within();

        GenerationTests.ShouldBeTheModels(running, prompts[0], 200);
        for (var number = 0; number < 2; number++)
        {
            GenerationTests.ShouldBeTheModels(others[number], prompts[number + 1], 30);
            others[number].Finish.CachedTokens.ShouldBeGreaterThanOrEqualTo(s_system.Length);
        }
        for (var stage = 0; stage < 3; stage++)
            ring.EngineOf(stage).Calls.Count(call => call.StartsWith("copy 0 to ", StringComparison.Ordinal)).ShouldBe(2);
        await GenerationTests.ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Conversations_WhenThereAreMoreThanFit_PushOutTheOldestAndDelayNobody()
    {
        await using var ring = await TestRing.StartReadyAsync(2, slots: 3, context: 200, cells: 300);
        await using var gateway = await ring.ConnectAsync();
        var prompts = Enumerable.Range(0, 5).Select(number => FakeModel.PromptOf(number, leastTokens: 10) + new string('x', 60)).ToList();

        foreach (var prompt in prompts)
            GenerationTests.ShouldBeTheModels(await gateway.CompleteAsync(prompt, 10), prompt, 10);
        var (latest, first) = (await gateway.CompleteAsync(prompts[4] + "more", 10), await gateway.CompleteAsync(prompts[0] + "more", 10));

        GenerationTests.ShouldBeTheModels(latest, prompts[4] + "more", 10);
        GenerationTests.ShouldBeTheModels(first, prompts[0] + "more", 10);
        latest.Finish.CachedTokens.ShouldBe(prompts[4].Length);
        first.Finish.CachedTokens.ShouldBe(0);
        await GenerationTests.ShouldBeIdleAsync(ring);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    public async Task Streams_WhenTheyBeginAlikeAndSomeAreCancelled_AreTheWholeModels(int stages, int batchesInFlight)
    {
        var settings = new Dictionary<string, string?> { ["Generation:BatchesInFlight"] = $"{batchesInFlight}" };
        await using var ring = await TestRing.StartReadyAsync(
            stages, slots: 5, context: 300, cells: 900, batchRows: 24, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var random = new Random(5);
        var said = new List<string> { s_system };

        for (var round = 0; round < 8; round++)
        {
            var prompts = Enumerable.Range(0, 7).Select(number => Continue(said[random.Next(said.Count)], random, number)).ToList();
            var completions = new List<TestCompletion>();
            foreach (var prompt in prompts)
                completions.Add(await gateway.SendAsync(prompt, 25));
            foreach (var completion in completions.Where(_ => random.Next(4) == 0))
                await gateway.CancelAsync(completion);
            await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();
            for (var number = 0; number < prompts.Count; number++)
            {
                GenerationTests.ShouldBeTheModels(completions[number], prompts[number], 25);
                said.Add(prompts[number] + completions[number].Text);
            }
        }

        ring.EngineOf(0).Calls.ShouldContain(call => call.StartsWith("copy", StringComparison.Ordinal));
        ring.EngineOf(0).Calls.ShouldContain(call => call.Contains(" from ", StringComparison.Ordinal));
        await GenerationTests.ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Stage_WhenABatchFails_ForgetsItsSequencesAndHarmsNoOther()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        await using var gateway = await ring.ConnectAsync();
        var prompt = s_system + FakeModel.PromptOf(3, leastTokens: 20);
        var whole = await gateway.CompleteAsync(prompt, 20);
        var faults = 1;
        ring.EngineOf(1).BeforeDecode = _ =>
            Interlocked.Decrement(ref faults) >= 0 ? throw new StageEngineException("The accelerator coughed.") : Task.CompletedTask;

        var failed = await gateway.CompleteAsync(prompt + whole.Text + "and?", 20);
        var again = await gateway.CompleteAsync(prompt + whole.Text + "and?", 20);

        failed.Finish.Error.ShouldNotBeNull().Message.ShouldContain("coughed");
        again.Finish.CachedTokens.ShouldBe(0);
        GenerationTests.ShouldBeTheModels(again, prompt + whole.Text + "and?", 20);
        await GenerationTests.ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Slots_WhenReuseIsOff_AreClearedAtOnce()
    {
        var settings = new Dictionary<string, string?> { ["Generation:PrefixReuse"] = "false" };
        await using var ring = await TestRing.StartReadyAsync(2, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var prompt = s_system + FakeModel.PromptOf(3, leastTokens: 20);

        var completions = new[] { await gateway.CompleteAsync(prompt, 20), await gateway.CompleteAsync(prompt, 20) };

        completions.ShouldAllBe(completion => completion.Finish.CachedTokens == 0);
        await GenerationTests.ShouldBeIdleAsync(ring);
        ring.EngineOf(0).OccupiedSlots.ShouldBe(0);
    }

    private static int RowsOf(FakeStageEngine engine) => engine.Batches.Sum(batch => batch.Length);

    private static string Continue(string said, Random random, int number)
    {
        var kept = said.Replace('€', '~').Where(character => character is >= ' ' and <= '~').ToArray();
        var length = Math.Min(150, random.Next(3) == 0 ? random.Next(20, kept.Length) : kept.Length);
        return new string(kept, 0, Math.Min(length, kept.Length)) + FakeModel.PromptOf(number);
    }
}
