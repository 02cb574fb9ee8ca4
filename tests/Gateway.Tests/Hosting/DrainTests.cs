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
        var stopping = Task.CompletedTask;
        var rest = await gateway.PostForRestAsync(Path, Body, () => stopping = gateway.StopAsync());
        rest.ShouldEndWith("data: [DONE]\n\n");
        // The first one was read before the gateway was told to stop.
        (rest.Split(" word").Length - 1).ShouldBe(Words - 1);
        await stopping;
    }

    [Fact]
    public async Task Gateway_WhenALongDrainIsOver_EndsStreamsWithAnErrorEvent()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:DrainMilliseconds=4500");
        gateway.Head.Script = Scripts.Endless;
        var stopping = Task.CompletedTask;
        var rest = await gateway.PostForRestAsync(Path, Body, () => stopping = gateway.StopAsync());
        rest.ShouldContain("\"code\":\"stopping\"");
        rest.ShouldNotContain("[DONE]");
        await stopping;
        await GatewayFixture.UntilAsync(() => gateway.Head.LastRequest.IsCancelled, "it is cancelled at the head");
        gateway.Admission.IsSettled.ShouldBeTrue();
    }
}
