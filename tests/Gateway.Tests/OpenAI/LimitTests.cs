using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

/// <summary>Everything has a bound, and what is beyond it gets a clear answer.</summary>
public sealed class LimitTests
{
    private const string Body = """{"model":"pebble","prompt":"Hi"}""";

    [Fact]
    public async Task Body_WhenTooLarge_Gives413()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:MaximumBodyBytes=2000");
        await ShouldBeAsync(gateway, $$"""{"model":"pebble","prompt":"{{new string('a', 3_000)}}"}""", HttpStatusCode.RequestEntityTooLarge,
            "at most 2000 bytes");
    }

    [Fact]
    public async Task Body_WhenTooLargeAndOfUnknownLength_Gives413()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:MaximumBodyBytes=2000");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions");
        request.Content = new StringContent($$"""{"model":"pebble","prompt":"{{new string('a', 3_000)}}"}""", null, "application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Prompt_WhenTooLong_Gives413ThatNamesTheField()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:MaximumPromptBytes=10");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":"ääääää"}""",
            HttpStatusCode.RequestEntityTooLarge, "12 bytes", "prompt");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":["123456","789012"]}""",
            HttpStatusCode.RequestEntityTooLarge, "12 bytes", "prompt");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":[1,2,3]}""", HttpStatusCode.RequestEntityTooLarge, "12 bytes", "prompt");
        await ShouldBeAsync(gateway, """{"model":"pebble","messages":[{"role":"user","content":"12345678901"}]}""",
            HttpStatusCode.RequestEntityTooLarge, "11 bytes", "messages", "/v1/chat/completions");
    }

    [Fact]
    public async Task Fields_WhenBeyondConfiguredBounds_Give400()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            "--Gateway:MaximumMessages=1", "--Gateway:MaximumStopCharacters=3", "--Gateway:MaximumLogitBiases=1",
            "--Gateway:MaximumChoices=2", "--Gateway:MaximumCompletionTokens=5");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":"a","stop":"four"}""",
            HttpStatusCode.BadRequest, "at most 3 characters", "stop");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":"a","logit_bias":{"1":1,"2":1}}""",
            HttpStatusCode.BadRequest, "at most 1", "logit_bias");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":"a","n":3}""", HttpStatusCode.BadRequest, "<= 2", "n");
        await ShouldBeAsync(gateway, """{"model":"pebble","prompt":"a","max_tokens":6}""", HttpStatusCode.BadRequest, "<= 5", "max_tokens");
        await ShouldBeAsync(gateway, """{"model":"pebble","messages":[{"role":"user","content":"1"},{"role":"user","content":"2"}]}""",
            HttpStatusCode.BadRequest, "maximum length 1", "messages", "/v1/chat/completions");
    }

    [Fact]
    public async Task Request_WhenWithinTheGatewaysBoundsButNotTheDataPlanes_Gives400()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            "--Gateway:MaximumLogitBiases=2000", "--Gateway:MaximumStopCharacters=2000", "--Gateway:MaximumMessages=2000");
        var biases = string.Join(',', Enumerable.Range(0, 1_500).Select(token => $"\"{token}\":1"));
        var body = $$"""{"model":"pebble","prompt":"a","logit_bias":{ {{biases}} } }""";
        await ShouldBeAsync(gateway, body, HttpStatusCode.BadRequest, "logit bias count is 1500, not 0 to 1024.", "logit_bias");
        await ShouldBeAsync(gateway, $$"""{"model":"pebble","prompt":"a","stop":["b","{{new string('ä', 600)}}"]}""",
            HttpStatusCode.BadRequest, "stop text takes 1200 bytes, but 1024 is the most.", "stop");
        var messages = string.Join(',', Enumerable.Repeat("""{"role":"user","content":"Hi"}""", 1_500));
        await ShouldBeAsync(gateway, $$"""{"model":"pebble","messages":[{{messages}}]}""",
            HttpStatusCode.BadRequest, "message count is 1500, not 1 to 1024.", "messages", "/v1/chat/completions");
        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Requests_WhenMoreThanAreServedAndMayWait_Give429()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            "--Gateway:MaximumConcurrentRequests=1", "--Gateway:MaximumWaitingRequests=1");
        var release = new TaskCompletionSource();
        gateway.Head.Script = async request =>
        {
            await release.Task;
            await Scripts.Story(request);
        };
        var served = gateway.PostForJsonAsync("/v1/completions", Body);
        await GatewayFixture.UntilAsync(() => gateway.Head.Requests.Count == 1, "one request is served");
        var waiting = gateway.PostForJsonAsync("/v1/completions", Body);
        await GatewayFixture.UntilAsync(() => CountsAsync(gateway).Result == (1, 1), "one is served and one waits");

        await ShouldBeAsync(gateway, Body, HttpStatusCode.TooManyRequests, "busy");

        release.SetResult();
        await Task.WhenAll(served, waiting);
        await gateway.SettleAsync();
        (await CountsAsync(gateway)).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Completion_WhenItDoesNotBeginInTime_Gives503()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:FirstTokenTimeoutSeconds=1");
        gateway.Head.Script = Scripts.Silent;
        await ShouldBeAsync(gateway, Body, HttpStatusCode.ServiceUnavailable, "within 1 s");
        await gateway.SettleAsync();
        gateway.Head.LastRequest.IsCancelled.ShouldBeTrue();
    }

    [Fact]
    public async Task Completion_WhenItBeganInTime_OnlyTheWholeRequestHasALimit()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            "--Gateway:FirstTokenTimeoutSeconds=1", "--Gateway:RequestTimeoutSeconds=2");
        gateway.Head.Script = Scripts.Endless;
        await ShouldBeAsync(gateway, Body, HttpStatusCode.GatewayTimeout, "longer than 2 s");
        await gateway.SettleAsync();

        var stream = """{"model":"pebble","prompt":"Hi","stream":true}""";
        (await gateway.PostForBrokenStreamAsync("/v1/completions", stream)).ShouldContain("\"code\":\"timeout\"");
        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Request_WhenItsTurnDoesNotComeInTime_Gives503()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayFixture.StartAsync(
            time, "--Gateway:MaximumConcurrentRequests=1", "--Gateway:FirstTokenTimeoutSeconds=60");
        var admit = new TaskCompletionSource();
        gateway.Admission.Before = () => admit.Task;
        var served = ShouldBeAsync(gateway, Body, HttpStatusCode.ServiceUnavailable, "within 60 s");
        await GatewayFixture.UntilAsync(() => gateway.Admission.Requests.Count == 1, "one request is served");
        var waiting = ShouldBeAsync(gateway, Body, HttpStatusCode.ServiceUnavailable, "within 60 s");
        await GatewayFixture.UntilAsync(() => CountsAsync(gateway).Result == (1, 1), "one is served and one waits");

        time.Advance(TimeSpan.FromSeconds(60));
        await waiting;

        gateway.Admission.Requests.Count.ShouldBe(1);
        admit.SetResult();
        await served;
        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Request_WhenItsBodyDoesNotComeInTime_Gives503AndItsPlaceBack()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayFixture.StartAsync(time, "--Gateway:FirstTokenTimeoutSeconds=60");
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(
            "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"u8.ToArray(),
            TestContext.Current.CancellationToken);
        await GatewayFixture.UntilAsync(() => CountsAsync(gateway).Result == (1, 0), "the body is read");

        time.Advance(TimeSpan.FromSeconds(60));

        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("HTTP/1.1 503 Service Unavailable");
        await GatewayFixture.UntilAsync(() => CountsAsync(gateway).Result == (0, 0), "the place is free");
    }

    [Fact]
    public async Task Completion_WhenMostOfItsTimeWentByInTheQueue_HasOnlyTheRest()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayFixture.StartAsync(
            time, "--Gateway:MaximumConcurrentRequests=1", "--Gateway:FirstTokenTimeoutSeconds=60");
        var admit = new TaskCompletionSource();
        gateway.Admission.Before = () => admit.Task;
        var served = gateway.PostForJsonAsync("/v1/completions", Body);
        await GatewayFixture.UntilAsync(() => gateway.Admission.Requests.Count == 1, "one request is served");
        var waiting = ShouldBeAsync(gateway, Body, HttpStatusCode.ServiceUnavailable, "within 60 s");
        await GatewayFixture.UntilAsync(() => CountsAsync(gateway).Result == (1, 1), "one is served and one waits");

        time.Advance(TimeSpan.FromSeconds(59));
        // The second one's admission takes a second.
        gateway.Admission.Before = () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        };
        admit.SetResult();
        await served;
        await waiting;
        await gateway.SettleAsync();
    }

    [Theory]
    [InlineData("--Gateway:MaximumChoices=0", "MaximumChoices")]
    [InlineData("--Serve:Replicas=0", "Replicas")]
    [InlineData("--Gateway:AllowedOrigins=chat.example.com", "'chat.example.com' in Gateway:AllowedOrigins is no origin")]
    [InlineData("--Gateway:AllowedOrigins=https://chat.example.com/", "write 'https://chat.example.com'")]
    [InlineData("--Gateway:AllowedOrigins=https://chat.example.com:443", "write 'https://chat.example.com'")]
    [InlineData("--Gateway:AllowedOrigins=ftp://example.com", "'ftp://example.com' in Gateway:AllowedOrigins is no origin")]
    [InlineData("--Gateway:AllowedOrigins=https://a.example,*", "stands alone")]
    [InlineData("--Serve:Model=../etc", "Serve:Model must be a model's name")]
    public async Task Options_WhenOutOfRange_StopTheStartWithAClearError(string setting, string expected)
    {
        var exception = await Should.ThrowAsync<Exception>(() => GatewayFixture.StartAsync(setting));
        exception.Message.ShouldContain(expected);
    }

    private static async Task<(int InFlight, int Queued)> CountsAsync(GatewayFixture gateway)
    {
        var topology = JsonDocument.Parse(await gateway.Http.GetStringAsync("/admin/topology")).RootElement.GetProperty("gateway");
        return (topology.GetProperty("in_flight_requests").GetInt32(), topology.GetProperty("queued_requests").GetInt32());
    }

    private static async Task ShouldBeAsync(
        GatewayFixture gateway, string body, HttpStatusCode status, string message, string? param = null, string path = "/v1/completions")
    {
        using var response = await gateway.PostAsync(path, body, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(status, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        error.GetProperty("message").GetString()!.ShouldContain(message);
        error.GetProperty("param").GetString().ShouldBe(param);
        (response.Headers.RetryAfter is not null).ShouldBe((int)status is 429 or 503);
    }
}
