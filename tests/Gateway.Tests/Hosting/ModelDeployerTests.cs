using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Hosting;

public sealed class ModelDeployerTests
{
    [Fact]
    public async Task Start_WhenClusterDoesNotTakeTheModelAtFirst_TriesAgainUntilItDoes()
    {
        await using var gateway = new GatewayFixture(
            "--Serve:Model=pebble", "--Serve:Replicas=2", "--Serve:Slots=3", "--Serve:ContextLength=256",
            "--Serve:BatchRows=32", "--Serve:QueueLength=5");
        gateway.Cluster.DeployFailures = 2;
        await gateway.InitializeAsync();
        // The gateway answers while it waits for the cluster.
        (await gateway.Http.GetStringAsync("/healthz", TestContext.Current.CancellationToken)).ShouldBe("alive");
        await GatewayFixture.UntilAsync(() => gateway.Cluster.Deployments.Count == 1, "the model is deployed");
        gateway.Cluster.Deployments.Single().ShouldBe(new("pebble", 2, 3, 256, 32, 5));
    }

    [Fact]
    public async Task Start_WhenAVersionIsNamed_DeploysThatVersion()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Serve:Model=pebble@2");
        await GatewayFixture.UntilAsync(() => gateway.Cluster.Deployments.Count == 1, "the model is deployed");
        gateway.Cluster.Deployments.Single().Model.ShouldBe("pebble@2");
    }
}
