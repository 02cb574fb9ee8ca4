using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Cluster;

/// <summary>Which devices a pipeline takes where the best of them will not do.</summary>
public sealed class DeviceChoiceTests
{
    [Theory]
    [InlineData("link")]
    [InlineData("proof")]
    public async Task BetterDevice_WhenItCannotServe_IsLeftForWhatWorked(string what)
    {
        await using var cluster = await InferenceCluster.ServeAsync(
            [InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)],
            services => services.Configure<PipelineOptions>(options => options.ImprovementSeconds = 1)
                .Configure<PlanningOptions>(options => options.ReplanCoolDownSeconds = 1));
        var before = await cluster.ReadyAsync();

        await cluster.AddSiloAsync(InferenceCluster.Device("large", 12), host =>
        {
            host.LinkFault = what == "link" ? "the port is closed" : null;
            host.ProofFault = what == "proof" ? "computes nothing" : null;
        });
        await InferenceCluster.UntilAsync(
            () => cluster.StatusAsync(), status => status.Stages.Select(stage => stage.Device).SequenceEqual(["large"]), "the move");
        var after = await cluster.ReadyAsync(before.Epoch + 1);

        after.Stages.Select(stage => stage.Device).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task Spare_WhenAStageCannotBeLinked_IsTried()
    {
        await using var cluster = await InferenceCluster.StartAsync(
            [InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6), InferenceCluster.Device("spare", 6)]);
        cluster.HostOf("b").LinkFault = "the port is closed";
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        (await cluster.ReadyAsync()).Stages.Select(stage => stage.Device).ShouldBe(["a", "spare"]);
    }

    [Fact]
    public async Task Spare_WhenNoTokenComesThroughAStage_IsTried()
    {
        await using var cluster = await InferenceCluster.StartAsync(
            [InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6), InferenceCluster.Device("spare", 6)]);
        cluster.HostOf("b").ProofFault = "computes nothing";
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        (await cluster.ReadyAsync()).Stages.ShouldNotContain(stage => stage.Device == "b");
    }

    [Fact]
    public async Task Model_WhenOnlyTheBestDeviceLacksIt_IsReadElsewhere()
    {
        await using var cluster = await InferenceCluster.StartAsync(
            [InferenceCluster.Device("a", 12), InferenceCluster.Device("gpu", 12, "cuda") with { BandwidthGigabytesPerSecond = 100 }]);
        cluster.World.DeviceWithoutModels = "gpu";
        cluster.HostOf("gpu").LoadsToFail = int.MaxValue;
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        (await cluster.ReadyAsync()).Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public async Task Replicas_WhenADeviceHoldsBoth_StillTakeTwoDevices()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 24), InferenceCluster.Device("b", 24)]);
        await cluster.RegisterAsync();
        await cluster.DeployAsync(replicas: 2);

        var first = await cluster.ReadyAsync();
        var second = await cluster.ReadyAsync(pipeline: "pebble/1");

        new[] { first, second }.Select(status => status.Stages.Single().Device).Order().ShouldBe(["a", "b"]);
    }
}
