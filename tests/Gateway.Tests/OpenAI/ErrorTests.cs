using System.Net;
using System.Text;
using System.Text.Json;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;
using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Tests.OpenAI;

/// <summary>Errors that come from the cluster, or from HTTP itself.</summary>
public sealed class ErrorTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = """{"model":"pebble","messages":[{"role":"user","content":"Hi"}]}""";
    private const string StreamBody = """{"model":"pebble","messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    private readonly GatewayFixture _gateway = new();

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "unknown_url")]
    [InlineData("GET", "/", 404, "unknown_url")]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    public async Task Request_WhenNothingIsThere_GetsAnErrorInOpenAIsShape(string method, string path, int status, string code)
    {
        using var response = await _gateway.Http.SendAsync(new(new(method), path), TestContext.Current.CancellationToken);
        await ShouldBeErrorAsync(response, status, code, null);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    public async Task Body_WhenNotJsonByType_Gives415(string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await _gateway.Http.PostAsync(Chat, content, TestContext.Current.CancellationToken);
        await ShouldBeErrorAsync(response, 415, "unsupported_media_type", null);
    }

    [Theory]
    [InlineData("application/json; charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json; charset=utf8")]
    public async Task Body_WhenJsonInUtf8ByType_IsTaken(string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await _gateway.Http.PostAsync(Chat, content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Body_WhenCompressed_Gives415ThatSaysSo()
    {
        using var content = new ByteArrayContent([0x1F, 0x8B]);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await _gateway.Http.PostAsync(Chat, content, TestContext.Current.CancellationToken);
        var error = await ShouldBeErrorAsync(response, 415, "unsupported_media_type", null);
        error.GetProperty("message").GetString()!.ShouldContain("'Content-Encoding: gzip'");
    }

    [Fact]
    public async Task Body_WhenItSaysThatItIsNotCompressed_IsTaken()
    {
        using var content = new StringContent(Body, Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("identity");
        using var response = await _gateway.Http.PostAsync(Chat, content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/admin/topology")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/pebble")]
    public async Task Page_WhenAskedForByHead_HasTheStatusAndHeadersOfGetWithoutItsBody(string path)
    {
        using var response = await _gateway.Http.SendAsync(new(HttpMethod.Head, path), TestContext.Current.CancellationToken);
        using var full = await _gateway.Http.GetAsync(path, TestContext.Current.CancellationToken);
        (response.StatusCode, response.Content.Headers.ContentType).ShouldBe((full.StatusCode, full.Content.Headers.ContentType));
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Model_WhenUnknown_Gives404()
    {
        using var response = await PostAsync("""{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}""");
        var error = await ShouldBeErrorAsync(response, 404, "model_not_found", "model");
        error.GetProperty("message").GetString()!.ShouldContain("gpt-4o");
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task Admission_WhenQueueIsFull_Gives429WithRetryAfter()
    {
        _gateway.Admission.Refuse = _ => new(RefusalReason.QueueFull, "All 16 places are taken.", 2_500, 0);
        using var response = await PostAsync(Body);
        await ShouldBeErrorAsync(response, 429, "rate_limit_exceeded", null);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(3));
        response.Headers.GetValues("retry-after-ms").ShouldBe(["2500"]);
    }

    [Theory]
    [InlineData(Body)]
    [InlineData(StreamBody)]
    public async Task Admission_WhenModelLoads_Gives503WithRetryAfterAndProgress(string body)
    {
        _gateway.Admission.Refuse = _ => new(RefusalReason.NotReady, "Model pebble is not ready: loading slices.", 1_000, 0.42);
        using var response = await PostAsync(body);
        var error = await ShouldBeErrorAsync(response, 503, "model_not_ready", null);
        error.GetProperty("message").GetString().ShouldBe("Model pebble is not ready: loading slices (42 % loaded).");
        error.GetProperty("load_progress").GetDouble().ShouldBe(0.42);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Admission_WhenOneOfSeveralChoicesIsRefused_RefusesTheRequestAndGivesTheOthersBack()
    {
        _gateway.Admission.Refuse = number => number == 2 ? new(RefusalReason.QueueFull, "Full.", 1_000, 0) : null;
        _gateway.Head.Script = Scripts.Endless;
        using var response = await PostAsync("""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],"n":3}""");
        await ShouldBeErrorAsync(response, 429, "rate_limit_exceeded", null);
        // Before the client hears of it.
        _gateway.Admission.IsSettled.ShouldBeTrue();
        _gateway.Admission.GrantedCount.ShouldBe(2);
        await _gateway.SettleAsync();
    }

    [Theory]
    [InlineData(GenerationErrorCode.ContextOverflow, 400, "context_length_exceeded", "messages")]
    [InlineData(GenerationErrorCode.InvalidRequest, 400, "invalid_value", "messages")]
    [InlineData(GenerationErrorCode.QueueFull, 429, "rate_limit_exceeded", null)]
    [InlineData(GenerationErrorCode.NotReady, 503, "model_not_ready", null)]
    [InlineData(GenerationErrorCode.StageLost, 503, "stage_lost", null)]
    [InlineData(GenerationErrorCode.Internal, 500, "internal_error", null)]
    public async Task Head_WhenItFailsBeforeTheFirstByte_GivesAStatus(GenerationErrorCode code, int status, string expected, string? param)
    {
        _gateway.Head.Script = Scripts.Failing(code, "So it is.", 3_000);
        foreach (var body in (string[])[Body, StreamBody])
        {
            using var response = await PostAsync(body);
            var error = await ShouldBeErrorAsync(response, status, expected, param);
            error.GetProperty("message").GetString().ShouldBe("So it is.");
            response.Headers.RetryAfter?.Delta.ShouldBe(status is 429 or 503 ? TimeSpan.FromSeconds(3) : null);
        }

        await _gateway.SettleAsync();
    }

    [Theory]
    [InlineData("\"user\":\"me\"", "messages")]
    [InlineData("\"logit_bias\":{\"999999\":1}", null)]
    [InlineData("\"stop\":\"END\"", null)]
    public async Task Head_WhenItRefusesTheRequest_BlamesThePromptOnlyWhereNothingElseCanBeWrong(string field, string? param)
    {
        _gateway.Head.Script = Scripts.Failing(GenerationErrorCode.InvalidRequest, "So it is.");
        using var response = await PostAsync($$"""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],{{field}}}""");
        await ShouldBeErrorAsync(response, 400, "invalid_value", param);
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Head_WhenItFailsMidStream_SendsTheTextThenAnErrorEventAndBreaksTheStreamOff()
    {
        var begun = new TaskCompletionSource();
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync("Once");
            await begun.Task;
            await request.SendAsync(" upon");
            await request.FailAsync(GenerationErrorCode.StageLost, "Stage 1 was lost.");
        };
        var answer = await _gateway.PostForBrokenStreamAsync(Chat, StreamBody, begun.SetResult);
        answer.ShouldContain("{\"content\":\" upon\"}");
        answer.ShouldEndWith("""
            data: {"error":{"message":"Stage 1 was lost.","type":"service_unavailable_error","param":null,"code":"stage_lost"}}


            """);
        answer.ShouldNotContain("[DONE]");
        _gateway.Head.Requests.Count.ShouldBe(1);
        await _gateway.SettleAsync();
        _gateway.Logs.Lines.ShouldAllBe(line => !line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Head_WhenOneChoiceFailsMidStream_CancelsTheOthers()
    {
        var begun = new TaskCompletionSource();
        var number = 0;
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync("Once");
            if (Interlocked.Increment(ref number) == 2)
                await Task.Delay(Timeout.InfiniteTimeSpan, request.Cancelled);
            await begun.Task;
            await request.FailAsync(GenerationErrorCode.Internal, "Broken.");
        };
        var body = """{"model":"pebble","messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2}""";
        (await _gateway.PostForBrokenStreamAsync(Chat, body, begun.SetResult)).ShouldContain("internal_error");
        await _gateway.SettleAsync();
        _gateway.Head.Requests.Count(request => request.IsCancelled).ShouldBe(1);
    }

    [Fact]
    public async Task Head_WhenItsProcessDiesMidStream_SendsAnErrorEvent()
    {
        var begun = new TaskCompletionSource();
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync("Once");
            await begun.Task;
            await request.DropConnectionAsync();
        };
        (await _gateway.PostForBrokenStreamAsync(Chat, StreamBody, begun.SetResult)).ShouldContain("\"code\":\"stage_lost\"");
        await _gateway.SettleAsync();
        _gateway.Head.Requests.Count.ShouldBe(1);
        await GatewayFixture.UntilAsync(() => _gateway.Heads.ConnectionCount == 0, "the dead connection is forgotten");
    }

    [Fact]
    public async Task Models_WhenClusterDoesNotAnswer_Gives503()
    {
        _gateway.Cluster.IsAvailable = false;
        using var response = await _gateway.Http.GetAsync("/v1/models", TestContext.Current.CancellationToken);
        await ShouldBeErrorAsync(response, 503, "cluster_unavailable", null);
    }

    [Fact]
    public async Task Gateway_WhenSomethingUnexpectedFails_Gives500WithoutDetails()
    {
        _gateway.Admission.Before = () => throw new InvalidOperationException("secret detail");
        using var response = await PostAsync(Body);
        var error = await ShouldBeErrorAsync(response, 500, "internal_error", null);
        error.GetProperty("message").GetString()!.ShouldNotContain("secret");
        _gateway.Logs.Lines.ShouldContain(line => line.Contains("secret detail", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logs_WhateverHappens_HoldNoPromptOrCompletion()
    {
        const string Secret = "xyzzy-7f3a";
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync(Secret);
            await request.FinishAsync();
        };
        foreach (var body in (string[])[
            $$"""{"model":"pebble","prompt":"{{Secret}}"}""", $$"""{"model":"pebble","prompt":"{{Secret}}","stop":5}""",
            $$"""{"model":"pebble","prompt":["{{Secret}}", 5]}""", $$"""{"model":"pebble","prompt":"{{Secret}}"""])
        {
            using var response = await _gateway.PostAsync("/v1/completions", body, TestContext.Current.CancellationToken);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        var begun = new TaskCompletionSource();
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync(Secret);
            await begun.Task;
            await request.FailAsync(GenerationErrorCode.Internal, "Broken.");
        };
        await _gateway.PostForBrokenStreamAsync(
            "/v1/completions", $$"""{"model":"pebble","prompt":"{{Secret}}","stream":true}""", begun.SetResult);
        await _gateway.SettleAsync();
        _gateway.Logs.Lines.ShouldNotBeEmpty();
        _gateway.Logs.Lines.ShouldAllBe(line => !line.Contains(Secret, StringComparison.Ordinal));
    }

    private Task<HttpResponseMessage> PostAsync(string body) => _gateway.PostAsync(Chat, body, TestContext.Current.CancellationToken);

    private static async Task<JsonElement> ShouldBeErrorAsync(HttpResponseMessage response, int status, string code, string? param)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(status, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe(code);
        error.GetProperty("param").GetString().ShouldBe(param);
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        error.GetProperty("type").GetString().ShouldNotBeNullOrEmpty();
        return error;
    }
}
