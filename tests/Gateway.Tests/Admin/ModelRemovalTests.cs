using System.Net;
using System.Text.Json;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Admin;

public sealed class ModelRemovalTests : IAsyncLifetime
{
    private readonly GatewayFixture _gateway = new("--Serve:Model=pebble");

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Remove_WhenTheModelIsDeployed_RemovesItAndSaysWhatHappens()
    {
        _gateway.Cluster.Misspelt = ["quen"];
        var removal = await DeleteAsync("quen", HttpStatusCode.OK);
        (removal.GetProperty("model").GetString(), removal.GetProperty("removed").GetBoolean()).ShouldBe(("quen", true));
        removal.GetProperty("message").GetString()!.ShouldContain("A gateway that is to serve it (Serve:Model) deploys it again");
        _gateway.Cluster.Misspelt.ShouldBeEmpty();
        var models = await _gateway.Http.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);
        models.ShouldContain("pebble");
        models.ShouldNotContain("quen");
    }

    [Fact]
    public async Task Remove_WhenItIsTheGatewaysOwnModel_SaysThatItComesBack()
    {
        (await DeleteAsync("pebble", HttpStatusCode.OK)).GetProperty("message").GetString()!
            .ShouldContain("This gateway is to serve it (Serve:Model): it is not ready now, and deploys it again when it starts.");
        using var ready = await _gateway.Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldContain("The model 'pebble', which this gateway is to serve, is not deployed.");
    }

    [Fact]
    public async Task Remove_WhenNoSuchModelIsDeployed_Is404ThatNamesThoseThatAre()
    {
        _gateway.Cluster.Misspelt = ["quen"];
        (await ErrorAsync("quan", HttpStatusCode.NotFound)).ShouldBe("The model 'quan' is not deployed. Deployed: pebble, quen.");
        (_gateway.Cluster.IsDeployed, _gateway.Cluster.Misspelt.Count).ShouldBe((true, 1));
    }

    [Fact]
    public async Task Remove_WhenNoModelIsDeployed_Is404ThatSaysSo()
    {
        _gateway.Cluster.IsDeployed = false;
        (await ErrorAsync("pebble", HttpStatusCode.NotFound)).ShouldBe("The model 'pebble' is not deployed. No model is.");
    }

    [Fact]
    public async Task Remove_WhenTheClusterDoesNotAnswer_Is503()
    {
        _gateway.Cluster.IsAvailable = false;
        (await ErrorAsync("pebble", HttpStatusCode.ServiceUnavailable)).ShouldBe("The cluster does not answer.");
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.60")]
    [InlineData("X-Forwarded-For", "192.0.2.60")]
    [InlineData("X-Real-IP", "192.0.2.60")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("Origin", "http://127.0.0.1:8080")]
    public async Task Remove_WhenSomebodyElseSentIt_Is403AndRemovesNothing(string header, string value)
    {
        (await ErrorAsync("pebble", HttpStatusCode.Forbidden, (header, value)))
            .ShouldStartWith($"DELETE /admin/models/pebble is taken only from the gateway's own machine, directly, at its loopback address; "
                + $"this one has the header {header},");
        _gateway.Cluster.IsDeployed.ShouldBeTrue();
    }

    private async Task<JsonElement> DeleteAsync(string model, HttpStatusCode status, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/admin/models/{model}");
        if (header is { } one)
            request.Headers.Add(one.Name, one.Value);
        using var response = await _gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<string> ErrorAsync(string model, HttpStatusCode status, (string Name, string Value)? header = null) =>
        (await DeleteAsync(model, status, header)).GetProperty("error").GetProperty("message").GetString()!;
}
