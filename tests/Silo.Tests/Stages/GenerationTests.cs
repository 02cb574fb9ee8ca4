using OrleansInference.DataPlane.Generation;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Silo.Tests.Stages;

public sealed class GenerationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Ring_WhenManyStreamsRunAndSomeAreCancelled_GivesEachTheWholeModelsText(int stages)
    {
        await using var ring = await TestRing.StartReadyAsync(stages, slots: 6, context: 200, batchRows: 16);
        await using var gateway = await ring.ConnectAsync();
        var prompts = Enumerable.Range(0, 16).Select(number => FakeModel.PromptOf(number, leastTokens: number * 5)).ToList();

        var completions = new List<TestCompletion>();
        for (var number = 0; number < prompts.Count; number++)
            completions.Add(await gateway.SendAsync(prompts[number], maximumTokens: 20 + number * 6));
        for (var number = 3; number < prompts.Count; number += 4)
            await gateway.CancelAsync(completions[number]);
        await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();

        for (var number = 0; number < prompts.Count; number++)
            ShouldBeTheModels(completions[number], prompts[number], 20 + number * 6);
        await ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Ring_WhenSeveralBatchesAreUnderWay_GivesTheSameText()
    {
        var settings = new Dictionary<string, string?> { ["Generation:BatchesInFlight"] = "3" };
        await using var ring = await TestRing.StartReadyAsync(3, slots: 8, context: 200, batchRows: 3, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var prompts = Enumerable.Range(0, 12).Select(number => FakeModel.PromptOf(number, leastTokens: 10)).ToList();

        var completions = new List<TestCompletion>();
        foreach (var prompt in prompts)
            completions.Add(await gateway.SendAsync(prompt));
        await gateway.CancelAsync(completions[5]);
        await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();

        for (var number = 0; number < prompts.Count; number++)
            ShouldBeTheModels(completions[number], prompts[number], 40);
        await ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Completion_WhenAStopTextComes_EndsBeforeIt()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        await using var gateway = await ring.ConnectAsync();
        var prompt = FakeModel.PromptOf(1, leastTokens: 40);
        var whole = FakeModel.TextOf(FakeModel.Complete(FakeModel.Tokenize(prompt), 40));
        var stop = whole.Substring(15, 3);
        var expected = whole[..whole.IndexOf(stop, StringComparison.Ordinal)];

        var completion = await gateway.CompleteAsync(prompt, 40, stop, "never to be seen");

        completion.Text.ShouldBe(expected);
        completion.Finish.Reason.ShouldBe(FinishReason.Stop);
        completion.Finish.CompletionTokens.ShouldBeInRange(1, 40);
        await ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Completion_WhenTheLimitIsReached_SaysLengthAndCountsTokens()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        await using var gateway = await ring.ConnectAsync();
        var prompt = FakeModel.PromptOf(2, leastTokens: 12);

        var completion = await gateway.CompleteAsync(prompt, 12);

        (completion.Finish with { DraftedTokens = 0, AcceptedTokens = 0 })
            .ShouldBe(new GenerationFinish(FinishReason.Length, prompt.Length, 12));
        completion.Tokens.Select(token => token.Token).ShouldBe(FakeModel.Complete(FakeModel.Tokenize(prompt), 12));
        completion.Tokens.ShouldAllBe(token => token.LogProbability == -0.5f);
    }

    [Fact]
    public async Task Completion_WhenEchoIsWanted_BeginsWithThePrompt()
    {
        await using var ring = await TestRing.StartReadyAsync(1);
        await using var gateway = await ring.ConnectAsync();
        var prompt = FakeModel.PromptOf(4, leastTokens: 5);

        var completion = await gateway.SendAsync(new GenerationRequest
        {
            Prompt = prompt,
            Sampling = SamplingParameters.Greedy,
            MaximumTokens = 5,
            Echo = true,
            Stop = ["prompt"],
        });
        await completion.Finished.Within();

        completion.Text.ShouldBe(prompt + FakeModel.TextOf(FakeModel.Complete(FakeModel.Tokenize(prompt), 5)));
    }

    [Fact]
    public async Task Completion_WhenItWouldOverflowTheContext_IsRefusedBeforeAnyWork()
    {
        await using var ring = await TestRing.StartReadyAsync(2, context: 64);
        await using var gateway = await ring.ConnectAsync();
        var batches = ring.EngineOf(0).Batches.Count;

        var completion = await gateway.CompleteAsync(new string('x', 60), maximumTokens: 10);

        var error = completion.Finish.Error.ShouldNotBeNull();
        error.Code.ShouldBe(GenerationErrorCode.ContextOverflow);
        error.Message.ShouldContain("70 together");
        ring.EngineOf(0).Batches.Count.ShouldBe(batches);
    }

    [Fact]
    public async Task Completion_WhenTheCellsAreFewerThanTheSlotsCouldUse_WaitsForThem()
    {
        await using var ring = await TestRing.StartReadyAsync(2, slots: 4, context: 100, cells: 130);
        await using var gateway = await ring.ConnectAsync();
        var prompts = Enumerable.Range(0, 6).Select(number => FakeModel.PromptOf(number, leastTokens: 30)).ToList();

        var completions = new List<TestCompletion>();
        foreach (var prompt in prompts)
            completions.Add(await gateway.SendAsync(prompt, 40));
        await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();

        for (var number = 0; number < prompts.Count; number++)
            ShouldBeTheModels(completions[number], prompts[number], 40);
    }

    [Fact]
    public async Task Request_WhenTheQueueIsFull_IsRefusedWithATimeToRetry()
    {
        await using var ring = await TestRing.StartReadyAsync(1, slots: 1, queueLength: 2);
        await using var gateway = await ring.ConnectAsync();
        var gate = new TaskCompletionSource();
        ring.EngineOf(0).BeforeDecode = _ => gate.Task;
        var prompt = FakeModel.PromptOf(1, leastTokens: 3);

        var accepted = new List<TestCompletion>();
        for (var number = 0; number < 3; number++)
            accepted.Add(await gateway.SendAsync(prompt, 3));
        await Eventually.AsyncIs(() => ring.StatusOf(0) is { BusySlots: 1, QueuedRequests: 2 }, "one runs and two wait");
        var refused = await gateway.CompleteAsync(prompt, 3);
        gate.SetResult();
        await Task.WhenAll(accepted.Select(completion => completion.Finished)).Within();

        var error = refused.Finish.Error.ShouldNotBeNull();
        error.Code.ShouldBe(GenerationErrorCode.QueueFull);
        error.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        accepted.ShouldAllBe(completion => completion.Finish.Reason == FinishReason.Length);
    }

    [Fact]
    public async Task Cancel_WhenAStreamRuns_FreesItsSlotWithinOneStep()
    {
        var settings = new Dictionary<string, string?> { ["Generation:DraftTokens"] = "0" };
        await using var ring = await TestRing.StartReadyAsync(2, slots: 2, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        using var steps = new SemaphoreSlim(5);
        var engine = ring.EngineOf(0);
        var before = engine.Batches.Count;
        engine.BeforeDecode = _ => steps.WaitAsync(TestContext.Current.CancellationToken);
        var completion = await gateway.SendAsync(FakeModel.PromptOf(1, leastTokens: 100), 100);
        await Eventually.AsyncIs(() => engine.Batches.Count == before + 6, "five batches are through and the sixth is held");

        await gateway.CancelAsync(completion);
        var finish = await completion.Finished.Within();
        steps.Release(100);
        await ShouldBeIdleAsync(ring);

        finish.Reason.ShouldBe(FinishReason.Cancelled);
        engine.Batches.Count.ShouldBe(before + 6);
    }

    [Fact]
    public async Task Gateway_WhenItsConnectionCloses_HasItsRequestsRemoved()
    {
        await using var ring = await TestRing.StartReadyAsync(3, slots: 2);
        var gateway = await ring.ConnectAsync();
        var delay = new TaskCompletionSource();
        ring.EngineOf(1).BeforeDecode = _ => delay.Task;
        for (var number = 0; number < 5; number++)
            await gateway.SendAsync(FakeModel.PromptOf(number, leastTokens: 100), 100);
        await Eventually.AsyncIs(() => ring.StatusOf(0) is { BusySlots: 2, QueuedRequests: 3 }, "two run and three wait");

        await gateway.DisposeAsync();

        await Eventually.AsyncIs(() => ring.StatusOf(0) is { BusySlots: 0, QueuedRequests: 0 }, "nothing runs or waits");
        delay.SetResult();
        await ShouldBeIdleAsync(ring);
    }

    [Fact]
    public async Task Prefill_WhenStreamsRun_LeavesThemARowInEveryBatch()
    {
        await using var ring = await TestRing.StartReadyAsync(1, slots: 3, context: 1000, batchRows: 16);
        await using var gateway = await ring.ConnectAsync();
        using var steps = new SemaphoreSlim(0);
        ring.EngineOf(0).BeforeDecode = _ => steps.WaitAsync(TestContext.Current.CancellationToken);
        var running = await gateway.SendAsync(FakeModel.PromptOf(1, leastTokens: 100), 100);
        steps.Release(5);
        await Eventually.AsyncIs(() => running.Tokens.Count > 1, "the first stream runs");
        var prefilling = await gateway.SendAsync(new string('x', 400), 1);
        await Eventually.AsyncIs(() => ring.StatusOf(0).BusySlots == 2, "the prompt has its slot");
        steps.Release(200);
        await prefilling.Finished.Within();

        var mixed = ring.EngineOf(0).Batches.Where(batch => batch.Any(row => row.Slot == 1) && batch[0].Slot == 0).ToList();
        mixed.Count.ShouldBeGreaterThanOrEqualTo(400 / 16);
        mixed.ShouldAllBe(batch => batch.Length <= 16 && batch.Count(row => row.Slot == 0) == 1);
    }

    [Fact]
    public async Task Consumer_WhenItReadsNothing_PausesItsOwnStreamOnly()
    {
        var settings = new Dictionary<string, string?> { ["Generation:OutboxTokens"] = "8", ["DataPlane:SendQueueBytes"] = "1024" };
        await using var ring = await TestRing.StartReadyAsync(1, slots: 2, context: 4000, settings: settings);
        await using var slow = await ring.ConnectAsync();
        await using var quick = await ring.ConnectAsync();
        var hold = new TaskCompletionSource();
        slow.Hold = hold.Task;
        var longPrompt = FakeModel.PromptOf(1, leastTokens: 300);
        var stalled = await slow.SendAsync(longPrompt, 300);

        for (var number = 0; number < 20; number++)
        {
            var prompt = FakeModel.PromptOf(number, leastTokens: 10);
            ShouldBeTheModels(await quick.CompleteAsync(prompt, 40), prompt, 40);
        }
        hold.SetResult();
        await stalled.Finished.Within();

        ShouldBeTheModels(stalled, longPrompt, 300);
        await ShouldBeIdleAsync(ring);
    }

    internal static void ShouldBeTheModels(TestCompletion completion, string prompt, int maximumTokens)
    {
        var tokens = FakeModel.Complete(FakeModel.Tokenize(prompt), maximumTokens);
        var text = FakeModel.TextOf(tokens);
        switch (completion.Finish.Reason)
        {
            case FinishReason.Cancelled:
                text.ShouldStartWith(completion.Text.TrimEnd('\uFFFD'));
                break;
            case FinishReason.Stop:
                completion.Text.ShouldBe(text);
                tokens[^1].ShouldBe(FakeModel.EndToken);
                break;
            default:
                completion.Finish.Error.ShouldBeNull();
                completion.Text.ShouldBe(text);
                completion.Finish.CompletionTokens.ShouldBe(tokens.Count);
                break;
        }
    }

    internal static async Task ShouldBeIdleAsync(TestRing ring)
    {
        await Eventually.AsyncIs(() => ring.StatusOf(0) is { BusySlots: 0, QueuedRequests: 0 }, "no slot is busy and nothing waits");
        for (var stage = 0; stage < ring.Silos.Count; stage++)
            await Eventually.AsyncIs(() => HasTheHeadsSlots(ring, stage), $"stage {stage} keeps what the head does");
        ring.StatusOf(0).State.ShouldBe(ShardState.Linked);
    }

    private static bool HasTheHeadsSlots(TestRing ring, int stage) =>
        ring.EngineOf(stage).Positions.SequenceEqual(ring.EngineOf(0).Positions);
}
