using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

/// <summary>What the head is asked for, of what the client asked for.</summary>
public sealed class RequestMappingTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Chat_WhenAllFieldsAreSet_ReachesTheHeadAsGiven()
    {
        var request = await AskAsync("/v1/chat/completions", """
            {"model":"pebble","messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"top_p":0.75,"top_k":40,"min_p":0.25,
             "repeat_penalty":1.5,"frequency_penalty":-1,"presence_penalty":2,"logit_bias":{"5":-100,"7":1.5},"seed":-1,
             "stop":["\n","END"],"max_completion_tokens":33,"logprobs":true,"top_logprobs":20}
            """);

        request.Messages!.Value.ShouldBe([new("user", "Hi")]);
        request.Prompt.ShouldBeNull();
        request.MaximumTokens.ShouldBe(33);
        request.Stop.ShouldBe(["\n", "END"]);
        request.PrefillChunkRows.ShouldBe(64);
        var sampling = request.Sampling;
        (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP).ShouldBe((0.5f, 0.75f, 40, 0.25f));
        (sampling.RepeatPenalty, sampling.FrequencyPenalty, sampling.PresencePenalty).ShouldBe((1.5f, -1f, 2f));
        sampling.LogitBias.ShouldBe([new(5, -100), new(7, 1.5f)]);
        sampling.Seed.ShouldBe(ulong.MaxValue);
        (sampling.LogProbabilities, sampling.TopLogProbabilities).ShouldBe((true, 20));
    }

    [Theory]
    [InlineData("""{"enable_thinking": false, "a": [1.5, {"b": "c"}], "d": null}""", """{"enable_thinking": false, "a": [1.5, {"b": "c"}], "d": null}""")]
    [InlineData("{}", null)]
    [InlineData("null", null)]
    public async Task TemplateArguments_WhenGiven_ReachTheHead(string given, string? expected) => (await AskAsync(
        "/v1/chat/completions", $$"""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],"chat_template_kwargs":{{given}}}"""))
        .TemplateArguments.ShouldBe(expected);

    [Fact]
    public async Task Chat_WhenOnlyRequiredFieldsAreSet_ChangesNothing()
    {
        var request = await AskAsync("/v1/chat/completions", """{"model":"pebble","messages":[{"role":"user","content":"Hi"}]}""");
        request.MaximumTokens.ShouldBeNull();
        request.TemplateArguments.ShouldBeNull();
        request.Stop.ShouldBeEmpty();
        // Records compare their arrays by reference, hence the same empty one.
        (request.Sampling with { Seed = 0, LogitBias = [] }).ShouldBe(new SamplingParameters { LogitBias = [] });
    }

    [Theory]
    [InlineData("\"user\":\"u\",\"metadata\":{\"a\":\"b\"},\"store\":false,\"service_tier\":\"auto\"")]
    [InlineData("\"tools\":[],\"tool_choice\":\"none\",\"parallel_tool_calls\":true,\"functions\":null")]
    [InlineData("\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"],\"audio\":null,\"prediction\":null")]
    [InlineData("\"stop\":[],\"n\":null,\"seed\":null,\"logit_bias\":{}")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5,\"logprobs\":false,\"top_logprobs\":0")]
    [InlineData("\"repetition_penalty\":1.0,\"cache_prompt\":true,\"reasoning\":null,\"suffix\":\"\"")]
    public async Task Chat_WhenFieldsChangeNothing_AreAccepted(string fields) =>
        await AskAsync("/v1/chat/completions", $$"""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],{{fields}}}""");

    [Fact]
    public async Task TopK_WhenMinusOne_KeepsAllTokens() =>
        (await AskAsync("/v1/completions", """{"model":"pebble","prompt":"a","top_k":-1}""")).Sampling.TopK.ShouldBe(0);

    [Theory]
    [InlineData("/v1/completions", "\"prompt\":\"a\"")]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]")]
    public async Task MaximumTokens_WhenMinusOne_AreWhatTheContextHolds(string path, string fields) =>
        (await AskAsync(path, $$"""{"model":"pebble",{{fields}},"max_tokens":-1}""")).MaximumTokens.ShouldBeNull();

    [Fact]
    public async Task Arrays_WhenAsLongAsClientsSendThem_AreTakenWhole()
    {
        // As many texts as Continue stops at when it completes code, and as many prompts as LangChain sends at once.
        var texts = string.Join(',', Enumerable.Range(0, 20).Select(number => $"\"{number}\""));
        var request = await AskAsync("/v1/completions", $$"""{"model":"pebble","prompt":[{{texts}}],"stop":[{{texts}}]}""");
        request.Stop.Length.ShouldBe(20);
        gateway.Head.Requests.Count(one => one.Generation.Stop.Length == 20).ShouldBe(20);
    }

    [Fact]
    public async Task Messages_WhenInEveryAcceptedForm_AreUnderstood()
    {
        var request = await AskAsync("/v1/chat/completions", """
            {"model":"pebble","messages":[{"role":"developer","content":"Be kind."},{"role":"user","name":"Ann","content":"Hi"},
             {"role":"assistant","content":"Hello","refusal":null,"annotations":[],"tool_calls":[],"audio":null,"reasoning":null},
             {"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]}]}
            """);
        request.Messages!.Value.ShouldBe(
            [new("system", "Be kind."), new("user", "Hi"), new("assistant", "Hello"), new("user", "one\ntwo")]);
        gateway.Admission.Requests[^1].PromptBytes.ShouldBe("Be kind.HiHelloone\ntwo".Length);
    }

    [Fact]
    public async Task Text_WhenOnlyRequiredFieldsAreSet_StopsAfter16Tokens()
    {
        var request = await AskAsync("/v1/completions", """{"model":"pebble","prompt":"Zwölf"}""");
        (request.Prompt, request.MaximumTokens, request.Echo).ShouldBe(("Zwölf", 16, false));
        request.Sampling.LogProbabilities.ShouldBeFalse();
        gateway.Admission.Requests[^1].ShouldBe(new("pebble", 6, 16));
    }

    [Fact]
    public async Task Text_WhenLogProbabilitiesAreZero_AsksForThoseOfTheSampledTokens()
    {
        var request = await AskAsync("/v1/completions", """{"model":"pebble","prompt":"a","logprobs":0}""");
        (request.Sampling.LogProbabilities, request.Sampling.TopLogProbabilities).ShouldBe((true, 0));
    }

    [Fact]
    public async Task Text_WhenPromptIsTokens_SendsTokens()
    {
        var request = await AskAsync("/v1/completions", """{"model":"pebble","prompt":[3,1,4],"echo":true,"n":1,"best_of":1}""");
        request.Prompt.ShouldBeNull();
        request.PromptTokens!.Value.ShouldBe([3, 1, 4]);
        request.Echo.ShouldBeTrue();
    }

    [Fact]
    public async Task Choices_WhenSeedIsGiven_DrawDifferentlyAndTheFirstWithTheSeedItself()
    {
        var before = gateway.Head.Requests.Count;
        await gateway.PostForJsonAsync("/v1/completions", """{"model":"pebble","prompt":"a","n":3,"seed":42}""");
        var seeds = gateway.Head.Requests.Skip(before).Select(request => request.Generation.Sampling.Seed).ToArray();
        seeds.Distinct().Count().ShouldBe(3);
        seeds.ShouldContain(42ul);
    }

    [Fact]
    public async Task Seed_WhenNotGiven_DiffersFromRequestToRequest()
    {
        var first = await AskAsync("/v1/completions", """{"model":"pebble","prompt":"a"}""");
        var second = await AskAsync("/v1/completions", """{"model":"pebble","prompt":"a"}""");
        first.Sampling.Seed.ShouldNotBe(second.Sampling.Seed);
    }

    private async Task<GenerationRequest> AskAsync(string path, string body)
    {
        await gateway.PostForJsonAsync(path, body);
        return gateway.Head.LastRequest.Generation;
    }
}
