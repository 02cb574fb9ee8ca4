using System.Text.Json;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

public sealed class TextAnswerTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Answer_WhenNotStreamed_HasOpenAIsShape()
    {
        var answer = await gateway.PostForJsonAsync(Path, """{"model":"pebble","prompt":"Tell"}""");
        answer.GetProperty("id").GetString()!.ShouldStartWith("cmpl-");
        answer.GetProperty("object").GetString().ShouldBe("text_completion");
        answer.GetProperty("choices").GetRawText().ShouldBe(
            """[{"text":"Once upon a time","index":0,"logprobs":null,"finish_reason":"stop"}]""");
        answer.GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":3},"""
            + "\"completion_tokens_details\":"
            + """{"accepted_prediction_tokens":2,"rejected_prediction_tokens":1}}""");
    }

    [Fact]
    public async Task Stream_WhenAskedFor_HasTextPiecesThenFinishThenUsage()
    {
        var events = await gateway.PostForEventsAsync(
            Path, """{"model":"pebble","prompt":"Tell","stream":true,"stream_options":{"include_usage":true}}""");
        string.Concat(events[..^1].Select(one => one.GetProperty("choices")[0].GetProperty("text").GetString()))
            .ShouldBe("Once upon a time");
        events[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");
        events[..^1].ShouldAllBe(one => one.GetProperty("usage").ValueKind == JsonValueKind.Null);
        events[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32().ShouldBe(11);
        events.ShouldAllBe(one => one.GetProperty("object").GetString() == "text_completion");
    }

    [Fact]
    public async Task Prompts_WhenSeveral_GiveNChoicesEachInOrder()
    {
        gateway.Head.Script = async request =>
        {
            await request.SendAsync(request.Generation.Prompt ?? string.Join(',', request.Generation.PromptTokens!.Value));
            await request.FinishAsync(FinishReason.Stop, 5, 1);
        };
        var texts = await gateway.PostForJsonAsync(Path, """{"model":"pebble","prompt":["a","b","c"],"n":2}""");
        var tokens = await gateway.PostForJsonAsync(Path, """{"model":"pebble","prompt":[[1,2],[3]]}""");
        gateway.Head.Script = Scripts.Story;

        TextsOf(texts).ShouldBe(["a", "a", "b", "b", "c", "c"]);
        texts.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3, 4, 5]);
        texts.GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":15,"completion_tokens":6,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":9},"""
            + "\"completion_tokens_details\":"
            + """{"accepted_prediction_tokens":12,"rejected_prediction_tokens":6}}""");
        TextsOf(tokens).ShouldBe(["1,2", "3"]);
    }

    [Fact]
    public async Task LogProbabilities_WhenAskedFor_AreFourListsOfEqualLength()
    {
        var answer = await gateway.PostForJsonAsync(Path, """{"model":"pebble","prompt":"Tell","logprobs":2}""");
        var logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        logprobs.GetProperty("tokens").GetRawText().ShouldBe("""["Once"," upon"," a"," time"]""");
        logprobs.GetProperty("token_logprobs").GetRawText().ShouldBe("[-0.5,-0.5,-0.5,-0.5]");
        logprobs.GetProperty("text_offset").GetRawText().ShouldBe("[0,4,9,11]");
        logprobs.GetProperty("top_logprobs")[1].GetRawText().ShouldBe("""{" upon":-0.5," other":-2.5}""");
    }

    [Fact]
    public async Task LogProbabilities_WhenStreamed_CountOffsetsThroughTheWholeCompletion()
    {
        var events = await gateway.PostForEventsAsync(Path, """{"model":"pebble","prompt":"Tell","logprobs":0,"stream":true}""");
        var offsets = events.Select(one => one.GetProperty("choices")[0].GetProperty("logprobs"))
            .Where(one => one.ValueKind == JsonValueKind.Object)
            .SelectMany(one => one.GetProperty("text_offset").EnumerateArray()).Select(offset => offset.GetInt32());
        offsets.ShouldBe([0, 4, 9, 11]);
    }

    private static string?[] TextsOf(JsonElement answer) =>
        [.. answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString())];
}
