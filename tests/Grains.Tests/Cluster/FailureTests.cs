using System.Diagnostics;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Tests.Cluster;

/// <summary>Silos die without a word. Options are the shipped ones: the times are part of what is tested.</summary>
public sealed class FailureTests(ITestOutputHelper output)
{
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Kill_OfAStagesSilo_MovesItsLayersToTheSpareAndKeepsTheRest()
    {
        await using var cluster = await ServeOverThreeAndASpareAsync();
        var before = await cluster.ReadyAsync();

        var after = await KillAndRecoverAsync(cluster, before, "b");

        after.Stages.Select(stage => stage.Device).ShouldBe(before.Stages.Select(stage => stage.Device == "b" ? "spare" : stage.Device));
        cluster.HostOf("a").SlicesLoaded.ShouldBe(1);
        cluster.HostOf("c").SlicesLoaded.ShouldBe(1);
    }

    [Fact]
    public async Task Kill_OfTheHeadsSilo_GivesANewHead()
    {
        await using var cluster = await ServeOverThreeAndASpareAsync();
        var before = await cluster.ReadyAsync();
        var head = before.Stages[0].Device;

        var after = await KillAndRecoverAsync(cluster, before, head);

        after.HeadEndpoint.ShouldBe(cluster.HostOf("spare").Endpoint);
    }

    [Fact]
    public async Task Kill_OfTheSiloThatHostsThePipelineGrain_IsSurvived()
    {
        await using var cluster = await InferenceCluster.StartAsync(ThreeAndASpare());
        await cluster.PlaceAsync("b", () => cluster.Pipeline().GetStatusAsync());
        await cluster.RegisterAsync();
        await cluster.DeployAsync();
        var before = await cluster.ReadyAsync();
        cluster.HasHosted<PipelineGrain>("b").ShouldBeTrue();

        await KillAndRecoverAsync(cluster, before, "b");
    }

    [Fact]
    public async Task Kill_OfTheSiloThatHostsPipelineAndClusterGrain_IsSurvived()
    {
        await using var cluster = await InferenceCluster.StartAsync(ThreeAndASpare());
        await cluster.PlaceAsync("b", () => cluster.Grain.GetDevicesAsync());
        await cluster.PlaceAsync("b", () => cluster.Pipeline().GetStatusAsync());
        await cluster.RegisterAsync();
        await cluster.DeployAsync();
        var before = await cluster.ReadyAsync();
        cluster.HasHosted<PipelineGrain>("b").ShouldBeTrue();
        cluster.HasHosted<ClusterGrain>("b").ShouldBeTrue();

        await KillAndRecoverAsync(cluster, before, "b");
        var devices = await cluster.Grain.GetDevicesAsync();

        devices.Select(device => device.Registration.Profile.Name).ShouldBe(["a", "c", "spare"]);
    }

    [Fact]
    public async Task Kill_OfASiloWithoutShards_LeavesThePipelineAlone()
    {
        await using var cluster = await InferenceCluster.StartAsync(ThreeAndASpare());
        await cluster.PlaceAsync("spare", () => cluster.Grain.GetDevicesAsync());
        await cluster.PlaceAsync("spare", () => cluster.Pipeline().GetStatusAsync());
        await cluster.RegisterAsync();
        await cluster.DeployAsync();
        var before = await cluster.ReadyAsync();
        cluster.HasHosted<PipelineGrain>("spare").ShouldBeTrue();
        cluster.HasHosted<ClusterGrain>("spare").ShouldBeTrue();
        before.Stages.ShouldNotContain(stage => stage.Device == "spare");

        await cluster.KillAsync("spare");
        await InferenceCluster.UntilAsync(
            async () => await cluster.Grain.GetTopologyAsync(),
            topology => topology is { Devices.Length: 3, Pipelines: [{ State: PipelineState.Ready }] }, "the others to go on");

        (await cluster.ReadyAsync()).Epoch.ShouldBe(before.Epoch);
    }

    [Fact]
    public async Task Kill_WhenNobodyCanTakeTheLayers_WaitsUntilTheDeviceIsBack()
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("a", 4), InferenceCluster.Device("b", 4), InferenceCluster.Device("c", 4)]);
        var before = await cluster.ReadyAsync();

        await cluster.KillAsync("b");
        await cluster.WaitingAsync("are missing");
        cluster.HostOf("a").StageCount.ShouldBe(0, "a pipeline that cannot run leaves the memory to others");
        await cluster.AddSiloAsync(InferenceCluster.Device("b", 4));

        (await cluster.ReadyAsync(before.Epoch + 1)).Stages.Length.ShouldBe(3);
    }

    [Fact]
    public async Task Kill_AsTheGatewaySeesIt_IsNotReadyThenReadyInAHigherEpoch()
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("a", 4), InferenceCluster.Device("b", 4), InferenceCluster.Device("c", 4)]);
        var before = await cluster.ReadyAsync();
        var gateway = cluster.Gateway();
        var admitted = await AdmitUntilAsync(gateway, decision => decision.Lease is not null);

        await cluster.KillAsync("b");
        var refused = await AdmitUntilAsync(gateway, decision => decision.Refusal?.Reason == RefusalReason.NotReady);
        await cluster.AddSiloAsync(InferenceCluster.Device("b", 4));
        var again = await AdmitUntilAsync(gateway, decision => decision.Lease?.Epoch > before.Epoch);

        admitted.Lease!.Epoch.ShouldBe(before.Epoch);
        refused.Refusal!.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        again.Lease!.HeadEndpoint.ShouldBe((await cluster.ReadyAsync(before.Epoch + 1)).HeadEndpoint);
    }

    private async Task<PipelineStatus> KillAndRecoverAsync(InferenceCluster cluster, PipelineStatus before, string device)
    {
        var watch = Stopwatch.StartNew();
        await cluster.KillAsync(device);
        var after = await cluster.ReadyAsync(before.Epoch + 1);
        output.WriteLine($"ready again {watch.ElapsedMilliseconds} ms after the kill");
        watch.Elapsed.ShouldBeLessThan(RecoveryLimit);
        after.Stages.ShouldNotContain(stage => stage.Device == device);
        return after;
    }

    private static async Task<AdmissionDecision> AdmitUntilAsync(IGatewayGrain gateway, Func<AdmissionDecision, bool> condition) =>
        await InferenceCluster.UntilAsync<AdmissionDecision>(
            async () =>
            {
                var decision = await gateway.AdmitAsync(new AdmissionRequest(InferenceCluster.Model, PromptBytes: 100, MaximumTokens: 10));
                if (decision.Lease is { } lease)
                    await gateway.ReleaseAsync(lease.Id);
                return decision;
            },
            condition, "the gateway to decide otherwise");

    private static Devices.DeviceProfile[] ThreeAndASpare() =>
        [.. new[] { "a", "b", "c", "spare" }.Select(name => InferenceCluster.Device(name, layers: 4))];

    private static Task<InferenceCluster> ServeOverThreeAndASpareAsync() => InferenceCluster.ServeAsync(ThreeAndASpare());
}
