using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Hosting;

/// <summary>What a gateway that stops does with the streams it has, when it may take longer than it does by default.</summary>
public sealed class DrainTests
{
    private const string Path = "/v1/completions";
    private const string Body = """{"model":"pebble","prompt":"Hi","stream":true}""";

    [Fact]
    public async Task Gateway_WhenItStops_LetsAStreamEndThatTakesLessThanTheDrain()
    {
        const int Words = 12;
        var pace = TimeSpan.FromMilliseconds(500);
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:DrainMilliseconds=60000");
        gateway.Head.Script = async request =>
        {
            for (var i = 0; i < Words; i++)
            {
                await request.SendAsync(" word");
                await Task.Delay(pace, request.Cancelled);
            }

            await request.FinishAsync();
        };
        using var response = await gateway.PostForStreamAsync(Path, Body, TestContext.Current.CancellationToken);
        var stopping = gateway.StopAsync();
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldEndWith("data: [DONE]\n\n");
        (text.Split(" word").Length - 1).ShouldBe(Words);
        await stopping;
    }

    [Fact]
    public async Task Gateway_WhenALongDrainIsOver_EndsStreamsWithAnErrorEvent()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:DrainMilliseconds=4500");
        gateway.Head.Script = Scripts.Endless;
        var stopping = Task.CompletedTask;
        var rest = await gateway.PostForBrokenStreamAsync(Path, Body, () => stopping = gateway.StopAsync());
        rest.ShouldContain("\"code\":\"stopping\"");
        rest.ShouldNotContain("[DONE]");
        await stopping;
        await GatewayFixture.UntilAsync(() => gateway.Head.LastRequest.IsCancelled, "it is cancelled at the head");
        gateway.Admission.IsSettled.ShouldBeTrue();
    }
}
