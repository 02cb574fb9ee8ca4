using System.Net;
using System.Text.Json;
using OrleansInference.Gateway.Tests.Fakes;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Gateway.Tests.Health;

public sealed class HealthTests
{
    [Fact]
    public async Task Healthz_WhenClusterDoesNotAnswer_IsStillAlive()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Cluster.IsAvailable = false;
        (await gateway.Http.GetStringAsync("/healthz", TestContext.Current.CancellationToken)).ShouldBe("alive");
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("")]
    public async Task Readyz_WhenItServesButAnotherDeploymentCannotBeServed_Is200AndTellsOfIt(string own)
    {
        await using var gateway = await GatewayFixture.StartAsync($"--Serve:Model={own}");
        gateway.Cluster.Misspelt = ["quen"];
        var readiness = await ReadyzAsync(gateway, HttpStatusCode.OK);
        readiness.GetRawText().ShouldBe(
            """{"status":"ready","reason":null,"models":[{"model":"pebble","ready":true,"load_progress":1,"reason":null},"""
            + """{"model":"quen","ready":false,"load_progress":0,"reason":"No pipeline has been planned yet."}]}""");
    }

    [Fact]
    public async Task Readyz_WhenOnlyTheModelOfAnotherGatewayIsServed_Is503()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Serve:Model=quen");
        gateway.Cluster.Misspelt = ["quen"];
        (await ReadyzAsync(gateway, HttpStatusCode.ServiceUnavailable)).GetProperty("reason").GetString()
            .ShouldBe("Not ready: 'quen' (0 % loaded).");
    }

    [Fact]
    public async Task Readyz_WhenEveryModelHasAReadyPipeline_Is200()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        var readiness = await ReadyzAsync(gateway, HttpStatusCode.OK);
        readiness.GetRawText().ShouldBe(
            """{"status":"ready","reason":null,"models":[{"model":"pebble","ready":true,"load_progress":1,"reason":null}]}""");
    }

    [Fact]
    public async Task Readyz_WhenModelLoads_Is503WithItsProgress()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        (gateway.Cluster.State, gateway.Cluster.LoadProgress) = (PipelineState.Loading, 0.25);
        var readiness = await ReadyzAsync(gateway, HttpStatusCode.ServiceUnavailable);
        readiness.GetRawText().ShouldBe(
            """{"status":"not_ready","reason":"Not ready: 'pebble' (25 % loaded).","models":["""
            + """{"model":"pebble","ready":false,"load_progress":0.25,"reason":"Loading slices."}]}""");
    }

    [Fact]
    public async Task Readyz_WhenNothingIsDeployed_Is503()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Cluster.IsDeployed = false;
        (await ReadyzAsync(gateway, HttpStatusCode.ServiceUnavailable)).GetProperty("reason").GetString().ShouldBe("No model is deployed.");
    }

    [Fact]
    public async Task Readyz_WhenTheGatewaysOwnModelIsNotDeployedYet_Is503()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Serve:Model=granite");
        (await ReadyzAsync(gateway, HttpStatusCode.ServiceUnavailable)).GetProperty("reason").GetString()!.ShouldContain("'granite'");
    }

    [Fact]
    public async Task Readyz_WhenClusterDoesNotAnswer_Is503()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Cluster.IsAvailable = false;
        (await ReadyzAsync(gateway, HttpStatusCode.ServiceUnavailable)).GetProperty("reason")
            .GetString().ShouldBe("The cluster does not answer.");
    }

    private static async Task<JsonElement> ReadyzAsync(GatewayFixture gateway, HttpStatusCode status)
    {
        using var response = await gateway.Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(status);
        (response.Headers.RetryAfter is null).ShouldBe(status == HttpStatusCode.OK);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
    }
}
