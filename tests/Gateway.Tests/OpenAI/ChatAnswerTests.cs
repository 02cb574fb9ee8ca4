using System.Text.Json;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

public sealed class ChatAnswerTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Path = "/v1/chat/completions";
    private const string Messages = "\"model\":\"pebble\",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a story\"}]";

    [Fact]
    public async Task Answer_WhenNotStreamed_HasOpenAIsShape()
    {
        var answer = await gateway.PostForJsonAsync(Path, $$"""{{{Messages}}}""");

        answer.GetProperty("id").GetString()!.ShouldStartWith("chatcmpl-");
        answer.GetProperty("object").GetString().ShouldBe("chat.completion");
        answer.GetProperty("created").GetInt64().ShouldBeGreaterThan(1_700_000_000);
        answer.GetProperty("model").GetString().ShouldBe("pebble");
        answer.GetProperty("system_fingerprint").GetString()!.ShouldStartWith("fp_");
        answer.GetProperty("choices").GetRawText().ShouldBe(
            """[{"index":0,"message":{"role":"assistant","content":"Once upon a time","refusal":null},"""
            + """
            "logprobs":null,"finish_reason":"stop"}]
            """);
        answer.GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":3},"""
            + "\"completion_tokens_details\":"
            + """{"accepted_prediction_tokens":2,"rejected_prediction_tokens":1}}""");
    }

    [Fact]
    public async Task Stream_WhenAskedFor_IsExactlyOpenAIsWireFormat()
    {
        using var response = await gateway.PostAsync(Path, $$"""{{{Messages}},"stream":true}""", TestContext.Current.CancellationToken);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream; charset=utf-8");
        response.Headers.CacheControl!.NoCache.ShouldBeTrue();

        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var first = text[..text.IndexOf("\n\n", StringComparison.Ordinal)];
        var heading = first[.."data: ".Length] + first["data: ".Length..first.IndexOf(",\"choices\"", StringComparison.Ordinal)];
        first.ShouldBe(heading
            + ",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}");
        text.ShouldEndWith(
            heading + ",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        text.ShouldNotContain("usage");
        text.ShouldNotContain("\r");
    }

    [Fact]
    public async Task Stream_WhenUsageIsIncluded_IsNullUntilALastChunkWithoutChoices()
    {
        var events = await gateway.PostForEventsAsync(Path, $$"""{{{Messages}},"stream":true,"stream_options":{"include_usage":true} }""");

        events[..^1].ShouldAllBe(one => one.GetProperty("usage").ValueKind == JsonValueKind.Null);
        events[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
        events[^1].GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":3},"""
            + "\"completion_tokens_details\":"
            + """{"accepted_prediction_tokens":2,"rejected_prediction_tokens":1}}""");
        TextOf(events, 0).ShouldBe("Once upon a time");
        events.Select(one => one.GetProperty("id").GetString()).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Stream_WhenSeveralChoices_EachHasRoleTextAndFinish()
    {
        var number = 0;
        gateway.Head.Script = async request =>
        {
            var mine = Interlocked.Increment(ref number);
            await request.SendAsync($"choice {mine}");
            await request.SendAsync(" goes on");
            await request.FinishAsync(FinishReason.Length, 7, mine, cachedTokens: mine);
        };
        var events = await gateway.PostForEventsAsync(Path,
            $$"""{{{Messages}},"stream":true,"n":3,"stream_options":{"include_usage":true} }""");
        gateway.Head.Script = Scripts.Story;

        Enumerable.Range(0, 3).Select(index => TextOf(events, index)).Order()
            .ShouldBe(["choice 1 goes on", "choice 2 goes on", "choice 3 goes on"]);
        for (var index = 0; index < 3; index++)
        {
            var choices = ChoicesOf(events, index);
            choices[0].GetProperty("delta").GetProperty("role").GetString().ShouldBe("assistant");
            choices[1..].Any(choice => choice.GetProperty("delta").TryGetProperty("role", out _)).ShouldBeFalse();
            choices[^1].GetProperty("finish_reason").GetString().ShouldBe("length");
            choices[..^1].ShouldAllBe(choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.Null);
        }

        // The prompt counts once, however many choices it has, and as cached what none of them computed.
        events[^1].GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":7,"completion_tokens":6,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":1},"""
            + "\"completion_tokens_details\":"
            + """{"accepted_prediction_tokens":6,"rejected_prediction_tokens":3}}""");
    }

    [Fact]
    public async Task Choices_WhenNotStreamed_AreIndexedAndRunAtTheSameTime()
    {
        var running = 0;
        var all = new TaskCompletionSource();
        gateway.Head.Script = async request =>
        {
            if (Interlocked.Increment(ref running) == 4)
                all.SetResult();
            // Passes only when all four are here together.
            await all.Task.WaitAsync(request.Cancelled);
            await Scripts.Story(request);
        };
        var answer = await gateway.PostForJsonAsync(Path, $$"""{{{Messages}},"n":4}""");
        gateway.Head.Script = Scripts.Story;

        answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3]);
        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(16);
    }

    [Fact]
    public async Task LogProbabilities_WhenAskedFor_HaveOpenAIsShape()
    {
        gateway.Head.Script = async request =>
        {
            await request.SendAsync("Once", Scripts.TokenOf("Once", -0.25f));
            // Half a character: no text yet.
            await request.SendAsync("", new TokenLogProbability(1, [0xC3], float.NegativeInfinity, []));
            await request.FinishAsync();
        };
        var answer = await gateway.PostForJsonAsync(Path, $$"""{{{Messages}},"logprobs":true,"top_logprobs":2}""");
        gateway.Head.Script = Scripts.Story;

        answer.GetProperty("choices")[0].GetProperty("logprobs").GetRawText().ShouldBe(
            """{"content":[{"token":"Once","logprob":-0.25,"bytes":[79,110,99,101],"top_logprobs":["""
            + """{"token":"Once","logprob":-0.25,"bytes":[79,110,99,101]},"""
            + """{"token":" other","logprob":-2.5,"bytes":[32,111,116,104,101,114]}]},"""
            + """{"token":"�","logprob":-9999,"bytes":[195],"top_logprobs":[]}],"refusal":null}""");
    }

    [Fact]
    public async Task LogProbabilities_WhenStreamed_ComeWithTheirText()
    {
        var events = await gateway.PostForEventsAsync(Path, $$"""{{{Messages}},"stream":true,"logprobs":true,"top_logprobs":2}""");
        var tokens = ChoicesOf(events, 0).Where(choice => choice.GetProperty("logprobs").ValueKind == JsonValueKind.Object)
            .SelectMany(choice => choice.GetProperty("logprobs").GetProperty("content").EnumerateArray())
            .Select(token => token.GetProperty("token").GetString());
        tokens.ShouldBe(["Once", " upon", " a", " time"]);
    }

    [Fact]
    public async Task Text_WhenNotAscii_IsWrittenAsItIs()
    {
        gateway.Head.Script = async request =>
        {
            await request.SendAsync("Grüße <b>&\"🙂\"</b>\n");
            await request.FinishAsync();
        };
        using var response = await gateway.PostAsync(Path, $$"""{{{Messages}},"stream":true}""", TestContext.Current.CancellationToken);
        gateway.Head.Script = Scripts.Story;

        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldContain("""{"content":"Grüße <b>&\"🙂\"</b>\n"}""".Replace("🙂", "\\uD83D\\uDE42", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Completion_WhenEmpty_IsAnEmptyAnswer()
    {
        gateway.Head.Script = request => request.FinishAsync(FinishReason.Stop, 7, 1).AsTask();
        var answer = await gateway.PostForJsonAsync(Path, $$"""{{{Messages}}}""");
        var events = await gateway.PostForEventsAsync(Path, $$"""{{{Messages}},"stream":true}""");
        gateway.Head.Script = Scripts.Story;

        answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString().ShouldBe("");
        events.Length.ShouldBe(2);
    }

    private static JsonElement[] ChoicesOf(JsonElement[] events, int index) =>
        [.. events.SelectMany(one => one.GetProperty("choices").EnumerateArray())
            .Where(choice => choice.GetProperty("index").GetInt32() == index)];

    private static string TextOf(JsonElement[] events, int index) => string.Concat(ChoicesOf(events, index)
        .Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : ""));
}
