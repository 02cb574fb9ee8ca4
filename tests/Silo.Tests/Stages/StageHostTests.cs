using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Stages;

public sealed class StageHostTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true", null)]
    [InlineData("false", false)]
    public async Task Stage_WhetherTheDeviceFillsBatches_IsLoadedSo(string setting, bool? expected)
    {
        await using var ring = await TestRing.StartReadyAsync(1, settings: new Dictionary<string, string?> { ["Device:FillsBatches"] = setting });

        ring.EngineOf(0).Configuration.FillsBatches.ShouldBe(expected);
    }

    [Fact]
    public async Task Load_WhenItIsUnderWay_ReportsProgressAndThenSizes()
    {
        await using var ring = await TestRing.StartAsync(2);
        var gate = new TaskCompletionSource();
        ring.Head.Engines.BeforeLoad = (_, cancellation) => gate.Task.WaitAsync(cancellation);

        ring.Head.Host.Load(ring.AssignmentOf(0, 1)).State.ShouldBe(ShardState.Loading);
        await Eventually.AsyncIs(() => ring.StatusOf(0).LoadProgress == 0.5, "progress is reported");
        gate.SetResult();
        await Eventually.AsyncIs(() => ring.StatusOf(0).State == ShardState.Loaded, "it is loaded");

        var status = ring.StatusOf(0);
        (status.Epoch, status.Device, status.ProcessId, status.MappedBytes, status.KvBytes, status.LoadProgress)
            .ShouldBe((1, "device-0", Environment.ProcessId, 1000, 100, 1.0));
        status.DataPlaneEndpoint.ShouldBe(ring.Head.Endpoint);
        ring.EngineOf(0).Configuration.ShouldBe(
            new StageConfiguration("fake", 0, 3, 4, 1024, 32, Environment.ProcessorCount));
    }

    [Fact]
    public async Task Load_WhenItFails_IsFaultedWithTheReasonAndCanBeTriedAgain()
    {
        await using var ring = await TestRing.StartAsync(1);
        ring.Head.Engines.BeforeLoad = (_, _) => throw new StageEngineException("The slice is broken.");

        ring.Head.Host.Load(ring.AssignmentOf(0, 1));
        await Eventually.AsyncIs(() => ring.StatusOf(0).State == ShardState.Faulted, "loading has failed");
        ring.StatusOf(0).Fault.ShouldBe("The slice is broken.");
        ring.StatusOf(0).LoadProgress.ShouldBeLessThan(1);

        ring.Head.Engines.BeforeLoad = null;
        await ring.BecomeReadyAsync(epoch: 1);
        ring.StatusOf(0).Fault.ShouldBeNull();
    }

    [Fact]
    public async Task Load_WhenANewerAssignmentComes_CancelsTheOlderLoad()
    {
        await using var ring = await TestRing.StartAsync(1);
        var cancelled = new TaskCompletionSource();
        ring.Head.Engines.BeforeLoad = async (_, cancellation) =>
        {
            using var registration = cancellation.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        ring.Head.Host.Load(ring.AssignmentOf(0, 1));
        await Eventually.AsyncIs(() => ring.StatusOf(0).LoadProgress == 0.5, "the first load is under way");

        ring.Head.Engines.BeforeLoad = null;
        ring.Head.Host.Load(ring.AssignmentOf(0, 2) with { SlotCount = 2 });

        await cancelled.Task.Within();
        await Eventually.AsyncIs(() => ring.StatusOf(0) is { State: ShardState.Loaded, Epoch: 2 }, "the newer one is loaded");
        ring.Head.Engines.Engines.ShouldHaveSingleItem().Configuration.SlotCount.ShouldBe(2);
    }

    [Fact]
    public async Task Load_WhenOnlyTheEpochIsNew_KeepsTheEngineAndDropsItsSequences()
    {
        await using var ring = await TestRing.StartReadyAsync(2, slots: 2);
        await using var gateway = await ring.ConnectAsync();
        ring.EngineOf(0).HoldAfter(batches: 8);
        var running = await gateway.SendAsync(FakeModel.PromptOf(1, leastTokens: 50), 200);
        await Eventually.AsyncIs(() => running.Tokens.Count > 2, "a stream runs");

        await ring.LoadAsync(epoch: 2);
        ring.EngineOf(0).BeforeDecode = null;
        await ring.BecomeReadyAsync(epoch: 2);

        ring.Silos.ShouldAllBe(silo => silo.Engines.Engines.Count == 1);
        (await running.Finished.Within()).Error.ShouldNotBeNull().RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        await using var next = await ring.ConnectAsync(epoch: 2);
        var prompt = FakeModel.PromptOf(2, leastTokens: 20);
        (await next.CompleteAsync(prompt, 20)).Text.ShouldBe(FakeModel.TextOf(FakeModel.Complete(FakeModel.Tokenize(prompt), 20)));
    }

    [Fact]
    public async Task Load_WhenTheStoreHasAnotherModelOfTheNameNow_LoadsItAnew()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        foreach (var silo in ring.Silos)
            silo.Engines.ContentHash = "another";

        await ring.BecomeReadyAsync(epoch: 2);
        await ring.BecomeReadyAsync(epoch: 3);

        ring.Silos.Select(silo => silo.Engines.Engines.Count).ShouldBe([2, 2]);
    }

    [Fact]
    public async Task Load_WhenTheLayersChange_DisposesTheOldEngineFirst()
    {
        await using var ring = await TestRing.StartReadyAsync(1);
        var old = ring.EngineOf(0);
        ring.Head.Engines.BeforeLoad = (_, _) =>
            old.IsDisposed ? Task.CompletedTask : throw new InvalidOperationException("Both would be in memory.");

        ring.Head.Host.Load(ring.AssignmentOf(0, 2) with { EndLayer = 3 });

        await Eventually.AsyncIs(() => ring.StatusOf(0) is { State: ShardState.Loaded, Epoch: 2 }, "the new slice is loaded");
        ring.EngineOf(0).Configuration.EndLayer.ShouldBe(3);
    }

    [Fact]
    public async Task Load_WhenTheSameOrAnOlderAssignmentComes_ChangesNothing()
    {
        await using var ring = await TestRing.StartReadyAsync(1);
        await ring.BecomeReadyAsync(epoch: 3);

        ring.Head.Host.Load(ring.AssignmentOf(0, 3)).State.ShouldBe(ShardState.Linked);
        Should.Throw<ShardUnavailableException>(() => ring.Head.Host.Load(ring.AssignmentOf(0, 2))).Message
            .ShouldContain("epoch 2 is over");
        await ring.LinkAsync(epoch: 3);

        ring.StatusOf(0).ShouldSatisfyAllConditions(
            status => status.Epoch.ShouldBe(3), status => status.State.ShouldBe(ShardState.Linked));
        ring.Head.Engines.Engines.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Load_WhenItIsForAnotherDeviceOrImpossible_IsRefused()
    {
        await using var ring = await TestRing.StartAsync(1, settings: new Dictionary<string, string?> { ["Stages:MaximumCount"] = "1" });
        var good = ring.AssignmentOf(0, 1);
        var host = ring.Head.Host;

        Should.Throw<ShardMisplacedException>(() => host.Load(good with { Device = "elsewhere" })).Message.ShouldContain("elsewhere");
        Should.Throw<ArgumentException>(() => host.Load(good with { Stage = 1 })).Message.ShouldContain("Stage 1 of 1");
        Should.Throw<ArgumentException>(() => host.Load(good with { EndLayer = 0 })).Message.ShouldContain("no slice");
        Should.Throw<ArgumentException>(() => host.Load(good with { SlotCount = 0 })).Message.ShouldContain("at least 1");
        host.Load(good);
        Should.Throw<ShardUnavailableException>(() => host.Load(good with { Pipeline = "other/0" })).Message.ShouldContain("limit");
    }

    [Fact]
    public async Task Unload_WhenTheStageServes_FreesEverything()
    {
        await using var ring = await TestRing.StartReadyAsync(2);
        await using var gateway = await ring.ConnectAsync();
        ring.EngineOf(0).HoldAfter(batches: 8);
        var running = await gateway.SendAsync(FakeModel.PromptOf(1, leastTokens: 50), 200);
        await Eventually.AsyncIs(() => running.Tokens.Count > 2, "a stream runs");

        await ring.Head.Host.UnloadAsync(TestRing.Pipeline, 0, epoch: 0).Within();
        ring.StatusOf(0).State.ShouldBe(ShardState.Linked);
        await ring.Head.Host.UnloadAsync(TestRing.Pipeline, 0, epoch: 1).Within();

        ring.EngineOf(0).IsDisposed.ShouldBeTrue();
        ring.StatusOf(0).ShouldBe(
            new ShardStatus(ShardState.Empty, 0, "device-0", Environment.ProcessId, ring.Head.Endpoint, 0, 0, 0, 0, 0, null));
        (await running.Finished.Within()).Error.ShouldNotBeNull();
        await gateway.Closed.Within();
        await Eventually.AsyncIs(() => ring.StatusOf(1).State == ShardState.Faulted, "the neighbour noticed");
    }

    [Fact]
    public async Task Link_WhenTheNeighbourIsNotThere_SaysWhy()
    {
        await using var ring = await TestRing.StartAsync(2);
        ring.Head.Host.Load(ring.AssignmentOf(0, 1));
        await Eventually.AsyncIs(() => ring.StatusOf(0).State == ShardState.Loaded, "the head is loaded");

        var refused = await Should.ThrowAsync<ShardUnavailableException>(ring.Head.Host.LinkAsync(ring.LinkOf(0, 1), Cancellation));
        refused.Message.ShouldContain("holds no stage 1");
        var unreachable = await Should.ThrowAsync<ShardUnavailableException>(
            ring.Head.Host.LinkAsync(ring.LinkOf(0, 1) with { NextEndpoint = "127.0.0.1:1" }, Cancellation));
        unreachable.Message.ShouldContain("127.0.0.1:1");
        await Should.ThrowAsync<ShardUnavailableException>(async () => await ring.Head.Host.LinkAsync(ring.LinkOf(0, 2), Cancellation));
        await Should.ThrowAsync<ShardUnavailableException>(async () => await ring.Silos[1].Host.LinkAsync(ring.LinkOf(1, 1), Cancellation));
        ring.StatusOf(0).State.ShouldBe(ShardState.Loaded);
    }

    [Fact]
    public async Task Prove_WhenTheRingIsNotClosed_SaysWhatIsMissing()
    {
        await using var ring = await TestRing.StartAsync(2);
        await ring.LoadAsync(1);

        Func<Task> prove = () => ring.Head.Host.ProveAsync(TestRing.Pipeline, 1, Cancellation);

        (await Should.ThrowAsync<ShardUnavailableException>(prove)).Message.ShouldContain("not linked yet");
        await ring.Head.Host.LinkAsync(ring.LinkOf(0, 1), Cancellation);
        (await Should.ThrowAsync<ShardUnavailableException>(prove)).Message.ShouldContain("last stage has not connected");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Prove_WhenAGrainAsks_LeavesTheRingsWorkOffTheGrainsScheduler(int stages)
    {
        await using var ring = await TestRing.StartAsync(stages);
        await ring.LoadAsync(1);
        await ring.LinkAsync(1);
        var grain = new CountingScheduler();
        await Task.Factory.StartNew(
            () => ring.Head.Host.ProveAsync(TestRing.Pipeline, 1, Cancellation), Cancellation, TaskCreationOptions.None, grain).Unwrap();
        var proven = grain.Count;
        await using var gateway = await ring.ConnectAsync();

        var completion = await gateway.CompleteAsync("many tokens", 40);

        GenerationTests.ShouldBeTheModels(completion, "many tokens", 40);
        (grain.Count - proven).ShouldBe(0);
    }

    [Fact]
    public async Task Accept_WhenAHelloDoesNotFit_RefusesItWithTheReason()
    {
        await using var ring = await TestRing.StartAsync(2);
        await ring.LoadAsync(1);
        var (head, last) = (ring.Head, ring.Silos[1]);
        var good = ring.Hello(ConnectionRole.Ring, stage: 0);

        (await RefusalAsync(last, good with { Pipeline = "other/0" })).ShouldContain("no stage 1 of pipeline other/0");
        (await RefusalAsync(last, good with { Epoch = 2 })).ShouldContain("in epoch 1, not in epoch 2");
        (await RefusalAsync(last, good with { Stage = 1 })).ShouldContain("no stage 2");
        (await RefusalAsync(last, good with { HiddenSize = 8 })).ShouldContain("hidden size of 4, not 8");
        (await RefusalAsync(last, good with { SlotCount = 5 })).ShouldContain("4 slots");
        (await RefusalAsync(last, good with { ContentHash = "123456789abcdef" })).ShouldBe(
            "Stage 1 of fake/0 was loaded from another fake than stage 0: its content is 0fa4e-the-on, not 123456789abc; "
            + "import the same file as fake on every silo.");
        (await RefusalAsync(head, ring.Hello(ConnectionRole.Tokens, stage: 0))).ShouldContain("is 1, not 0");
        (await RefusalAsync(head, ring.Hello(ConnectionRole.Generation, stage: 0))).ShouldContain("not linked yet");
        await ring.LinkAsync(1);
        (await RefusalAsync(last, good)).ShouldContain("already");
        (await RefusalAsync(head, ring.Hello(ConnectionRole.Tokens, stage: 1))).ShouldContain("already");
    }

    private static async Task<string> RefusalAsync(TestSilo silo, HelloFrame hello)
    {
        var exception = await Should.ThrowAsync<DataPlaneRefusedException>(
            silo.Connector.ConnectAsync(silo.Endpoint, hello, new NoFrames(), Cancellation));
        return exception.Reason;
    }
}
