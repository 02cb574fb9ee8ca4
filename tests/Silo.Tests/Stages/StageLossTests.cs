using OrleansInference.DataPlane.Generation;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>What becomes of streams when a stage, its engine or its silo ends.</summary>
public sealed class StageLossTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stage_WhenItIsLostMidStream_FailsWhatRunsAndServesAgainInTheNextEpoch(int victim)
    {
        await using var ring = await TestRing.StartReadyAsync(3, slots: 3);
        await using var gateway = await ring.ConnectAsync();
        ring.EngineOf(0).HoldAfter(batches: 20);
        var running = new List<TestCompletion>();
        for (var number = 0; number < 5; number++)
            running.Add(await gateway.SendAsync(FakeModel.PromptOf(number, leastTokens: 50), 150));
        await Eventually.AsyncIs(() => running[0].Tokens.Count > 2, "streams run");

        await ring.ReplaceAsync(victim);

        foreach (var completion in running)
        {
            var error = (await completion.Finished.Within()).Error.ShouldNotBeNull();
            error.Code.ShouldBe(GenerationErrorCode.StageLost);
            error.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        }
        (await gateway.CompleteAsync("more", 5)).Finish.Error.ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.NotReady);
        for (var stage = 0; stage < 3; stage++)
        {
            if (stage != victim)
                await Eventually.AsyncIs(() => ring.StatusOf(stage).State == ShardState.Faulted, $"stage {stage} noticed");
        }
        await ring.LoadAsync(epoch: 2);
        ring.EngineOf(0).BeforeDecode = null;
        await ring.BecomeReadyAsync(epoch: 2);
        await using var next = await ring.ConnectAsync(epoch: 2);
        var prompt = FakeModel.PromptOf(7, leastTokens: 30);
        (await next.CompleteAsync(prompt, 30)).Text.ShouldBe(FakeModel.TextOf(FakeModel.Complete(FakeModel.Tokenize(prompt), 30)));
        ring.Head.Engines.Engines.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Stage_WhenItsEngineFailsOnce_FailsThatBatchOnly()
    {
        await using var ring = await TestRing.StartReadyAsync(3, slots: 4);
        await using var gateway = await ring.ConnectAsync();
        var prompt = FakeModel.PromptOf(3, leastTokens: 30);
        foreach (var stage in new[] { 0, 1, 2 })
        {
            var faults = 1;
            ring.EngineOf(stage).BeforeDecode = _ =>
                Interlocked.Decrement(ref faults) == 0 ? throw new StageEngineException("A cosmic ray.") : Task.CompletedTask;

            var failed = await gateway.CompleteAsync(prompt, 30);
            var error = failed.Finish.Error.ShouldNotBeNull();
            error.Code.ShouldBe(GenerationErrorCode.Internal);
            error.Message.ShouldBe($"Stage {stage} could not compute a batch: A cosmic ray.");

            (await gateway.CompleteAsync(prompt, 30)).Text.ShouldBe(FakeModel.TextOf(FakeModel.Complete(FakeModel.Tokenize(prompt), 30)));
            ring.StatusOf(stage).State.ShouldBe(ShardState.Linked);
        }
    }

    [Fact]
    public async Task Stage_WhenItsEngineKeepsFailing_IsFaultedAndLoadedAnew()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        await using var gateway = await ring.ConnectAsync();
        ring.EngineOf(1).BeforeDecode = _ => throw new StageEngineException("Out of order.");

        for (var number = 0; number < 3; number++)
            (await gateway.CompleteAsync("again", 5)).Finish.Error.ShouldNotBeNull();
        await Eventually.AsyncIs(() => ring.StatusOf(1).State == ShardState.Faulted, "the stage is faulted");
        ring.StatusOf(1).Fault.ShouldNotBeNull().ShouldContain("3 times in a row");

        await Eventually.AsyncIs(() => ring.StatusOf(0).State == ShardState.Faulted, "the head knows");
        await ring.BecomeReadyAsync(epoch: 2);
        ring.Silos.Select(silo => silo.Engines.Engines.Count).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Slots_WhenTheyAreReused_AreClearedBeforeTheyAreOpenedAgain()
    {
        await using var ring = await TestRing.StartReadyAsync(2, slots: 2);
        await using var gateway = await ring.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => gateway.CompleteAsync($"p{number}", 4)));

        await Eventually.AsyncIs(() => ring.EngineOf(1).OccupiedSlots == 0, "all is cleared");
        foreach (var slot in new[] { 0, 1 })
        {
            var calls = ring.EngineOf(1).Calls.Where(call => call.EndsWith($" {slot}", StringComparison.Ordinal)).ToList();
            calls.Count.ShouldBeGreaterThan(2);
            for (var index = 0; index < calls.Count; index++)
                calls[index].ShouldStartWith(index % 2 == 0 ? "open" : "clear");
        }
    }

    [Fact]
    public async Task Silo_WhenItStops_LetsStreamsEndAndClosesWhatIsLeftInTime()
    {
        var settings = new Dictionary<string, string?> { ["Generation:DrainSeconds"] = "0.3" };
        await using var ring = await TestRing.StartReadyAsync(1, slots: 2, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var first = FakeModel.PromptOf(1, leastTokens: 5);
        var gate = new TaskCompletionSource();
        var quick = await gateway.SendAsync(first, 5);
        await quick.Finished.Within();
        ring.EngineOf(0).BeforeDecode = _ => gate.Task;
        var stuck = await gateway.SendAsync(first, 5);
        await Eventually.AsyncIs(() => ring.StatusOf(0).BusySlots == 1, "a stream runs");

        await ring.Head.StopAsync().Within();

        (await stuck.Finished.Within()).Error.ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.NotReady);
        await gateway.Closed.Within();
        ring.EngineOf(0).IsDisposed.ShouldBeTrue();
    }
}
