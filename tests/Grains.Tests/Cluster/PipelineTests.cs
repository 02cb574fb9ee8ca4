using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Tests.Cluster;

public sealed class PipelineTests
{
    [Fact]
    public async Task Pipeline_WhenOnlyThreeDevicesTogetherHoldTheModel_IsReadyOverThree()
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("a", 4), InferenceCluster.Device("b", 4), InferenceCluster.Device("c", 5)]);

        var status = await cluster.ReadyAsync();

        status.Stages.Select(stage => stage.Device).Order().ShouldBe(["a", "b", "c"]);
        status.Stages.ShouldAllBe(stage => stage.State == ShardState.Linked && stage.LoadProgress == 1);
        status.Stages.Select(stage => (stage.FirstLayer, stage.EndLayer)).ShouldBe([(0, 4), (4, 8), (8, 12)]);
        status.HeadEndpoint.ShouldBe(cluster.HostOf(status.Stages[0].Device).Endpoint);
        status.ContextLength.ShouldBe(64);
        cluster.World.Hosts.Values.ShouldAllBe(host => host.StageCount == 1);
    }

    [Fact]
    public async Task Shard_WhenItIsLoaded_IsToldHowManyCompletionsMayWait()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        await cluster.RegisterAsync();
        await cluster.DeployAsync(queueLength: 7);

        await cluster.ReadyAsync();

        cluster.HostOf("a").Assignments.ShouldHaveSingleItem().QueueLength.ShouldBe(7);
    }

    [Fact]
    public async Task Pipeline_WhenOneDeviceHoldsTheModel_IsNotSplit()
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("small", 6), InferenceCluster.Device("large", 12)]);

        var status = await cluster.ReadyAsync();

        status.Stages.Single().Device.ShouldBe("large");
        cluster.HostOf("small").StageCount.ShouldBe(0);
    }

    [Fact]
    public async Task Pipeline_WhenMemoryIsMissing_SaysSoUntilADeviceComes()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 5), InferenceCluster.Device("b", 5)]);

        var waiting = await cluster.WaitingAsync("are missing");
        await cluster.AddSiloAsync(InferenceCluster.Device("c", 5));
        var ready = await cluster.ReadyAsync();

        waiting.Reason!.ShouldContain("2 devices offer");
        waiting.HeadEndpoint.ShouldBeNull();
        ready.Stages.Length.ShouldBe(3);
    }

    [Fact]
    public async Task Pipeline_WhileLoading_TellsItsProgress()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)]);
        cluster.HostOf("a").IsLoadingSlow = cluster.HostOf("b").IsLoadingSlow = true;
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        var loading = await InferenceCluster.UntilAsync(
            () => cluster.StatusAsync(), status => status is { State: PipelineState.Loading, LoadProgress: > 0 }, "progress");
        cluster.HostOf("a").IsLoadingSlow = cluster.HostOf("b").IsLoadingSlow = false;
        var ready = await cluster.ReadyAsync();

        loading.LoadProgress.ShouldBe(0.5);
        ready.LoadProgress.ShouldBe(1);
        ready.Epoch.ShouldBe(1);
    }

    [Fact]
    public async Task Pipeline_WhenAStageFaults_ComesBackInAHigherEpochWithTheSameSlices()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)]);
        var before = await cluster.ReadyAsync();

        cluster.HostOf("b").Break("the cache is full");
        var after = await cluster.ReadyAsync(before.Epoch + 1);

        after.Stages.Select(stage => stage.Device).ShouldBe(before.Stages.Select(stage => stage.Device));
        cluster.HostOf("a").SlicesLoaded.ShouldBe(1);
        cluster.HostOf("b").SlicesLoaded.ShouldBe(1);
    }

    [Fact]
    public async Task Pipeline_WhenADeviceCannotLoad_TakesAnother()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12), InferenceCluster.Device("b", 12)]);
        cluster.HostOf("a").LoadsToFail = int.MaxValue;
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        (await cluster.ReadyAsync()).Stages.Single().Device.ShouldBe("b");
        cluster.HostOf("a").SlicesLoaded.ShouldBe(1);
    }

    [Fact]
    public async Task Pipeline_WhenProvingFails_TriesAgainUntilATokenGoesRound()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)]);
        cluster.World.ProofsToFail = 3;
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        var ready = await cluster.ReadyAsync();

        ready.Epoch.ShouldBe(4);
        cluster.World.ProofsToFail.ShouldBeLessThan(0);
        cluster.HostOf("a").SlicesLoaded.ShouldBe(1);
    }

    [Fact]
    public async Task Pipeline_WhenADeviceStopsAnswering_IsNotReadyAndMovesOnceItsSiloIsFenced()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 12), InferenceCluster.Device("b", 12)]);
        var before = await cluster.ReadyAsync();

        cluster.HostOf("a").IsMute = true;
        await cluster.WaitingAsync("no answer");
        await cluster.KillAsync("a");

        before.Stages.Single().Device.ShouldBe("a");
        (await cluster.ReadyAsync(before.Epoch + 1)).Stages.Single().Device.ShouldBe("b");
    }

    [Fact]
    public async Task Pipeline_WhenABetterPlanComesUp_MovesOnceNobodyIsServed()
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)],
            services => services.Configure<PipelineOptions>(options => options.ImprovementSeconds = 1)
                .Configure<PlanningOptions>(options => options.ReplanCoolDownSeconds = 1));
        var before = await cluster.ReadyAsync();
        cluster.HostOf(before.Stages[0].Device).BusySlots = 1;

        await cluster.AddSiloAsync(InferenceCluster.Device("large", 12));
        await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetTopologyAsync(), topology => topology.Devices.Length == 3, "the large device");
        var busy = await cluster.ReadyAsync();
        cluster.HostOf(before.Stages[0].Device).BusySlots = 0;
        var after = await cluster.ReadyAsync(before.Epoch + 1);

        busy.Epoch.ShouldBe(before.Epoch);
        after.Stages.Single().Device.ShouldBe("large");
        cluster.HostOf("a").StageCount.ShouldBe(0);
        cluster.HostOf("b").StageCount.ShouldBe(0);
    }

    [Fact]
    public async Task Pipeline_WhenTheModelIsInNoStore_SaysSoUntilItIs()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        await cluster.RegisterAsync();
        await cluster.DeployAsync("later");

        await cluster.WaitingAsync("no model named later", "later/0");
        cluster.AddModel("later");

        (await cluster.ReadyAsync(pipeline: "later/0")).Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public async Task Pipelines_OfTwoModels_NeverOvercommitADevice()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 9), InferenceCluster.Device("b", 9)]);
        cluster.AddModel("other");
        await cluster.RegisterAsync();

        await Task.WhenAll(cluster.DeployAsync(), cluster.DeployAsync("other"));
        var ready = await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetTopologyAsync(),
            topology => topology.Pipelines.Any(status => status.State == PipelineState.Ready)
                && topology.Pipelines.Any(status => status.Reason?.Contains("are missing", StringComparison.Ordinal) == true),
            "one pipeline to be ready and the other to wait");
        var winner = ready.Pipelines.Single(status => status.State == PipelineState.Ready).Specification.Model;
        var loser = ready.Pipelines.Single(status => status.State != PipelineState.Ready).Specification.Pipeline;
        await cluster.Grain.RemoveAsync(winner);
        await cluster.ReadyAsync(pipeline: loser);

        cluster.World.Hosts.Values.ShouldAllBe(host => host.PeakBytes <= host.MemoryBytes);
        cluster.World.Hosts.Values.ShouldAllBe(host => host.StageCount == 1);
    }

    [Fact]
    public async Task Pipeline_WhenItsModelIsRemovedAndDeployedAgain_GoesOnWithHigherEpochs()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 12)]);
        var before = await cluster.ReadyAsync();

        await cluster.Grain.RemoveAsync(InferenceCluster.Model);
        await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetOffersAsync("another/0"),
            offers => offers.Devices.Single().CommittedBytes == 0 && cluster.HostOf("a").StageCount == 0, "the memory to be free");
        await cluster.DeployAsync();

        (await cluster.ReadyAsync(before.Epoch + 1)).Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public async Task Retired_WhenWritingFailedAndItIsDeployedAgain_Serves()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 12)]);
        var before = await cluster.ReadyAsync();
        var failure = cluster.Storage.FailNextWriteOf(InferenceCluster.Model);

        await cluster.Grain.RemoveAsync(InferenceCluster.Model);
        await failure.WaitAsync(TestContext.Current.CancellationToken);
        await cluster.DeployAsync();

        (await cluster.ReadyAsync(before.Epoch + 1)).Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public async Task Retired_WhenWritingFailed_LoadsNothingUntilItHasRetired()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 12)]);
        await cluster.ReadyAsync();
        var failure = cluster.Storage.FailNextWriteOf(InferenceCluster.Model);

        await cluster.Grain.RemoveAsync(InferenceCluster.Model);
        await failure.WaitAsync(TestContext.Current.CancellationToken);
        await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetOffersAsync("another/0"), offers => offers.Devices.Single().CommittedBytes == 0,
            "the pipeline to retire");

        cluster.HostOf("a").SlicesLoaded.ShouldBe(1);
        cluster.HostOf("a").StageCount.ShouldBe(0);
    }

    [Fact]
    public async Task Pipeline_WhenReplicasAreWanted_TakesADeviceForEach()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12), InferenceCluster.Device("b", 12)]);
        await cluster.RegisterAsync();
        await cluster.DeployAsync(replicas: 2);

        var first = await cluster.ReadyAsync();
        var second = await cluster.ReadyAsync(pipeline: "pebble/1");
        await cluster.DeployAsync(replicas: 1);
        await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetTopologyAsync(),
            topology => topology.Pipelines.Length == 1 && cluster.HostOf(second.Stages[0].Device).StageCount == 0, "the surplus to retire");

        new[] { first, second }.Select(status => status.Stages.Single().Device).Order().ShouldBe(["a", "b"]);
        (await cluster.StatusAsync())!.State.ShouldBe(PipelineState.Ready);
    }
}
