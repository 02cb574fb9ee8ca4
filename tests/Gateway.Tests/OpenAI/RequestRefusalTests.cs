using System.Net;
using System.Text.Json;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

/// <summary>Every field's refusals: the status, the field that is named, and the code.</summary>
public sealed class RequestRefusalTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";

    [Theory]
    [InlineData("\"n\": 0", "n", "integer_below_min_value")]
    [InlineData("\"n\": 33", "n", "integer_above_max_value")]
    [InlineData("\"n\": 1.5", "n", "invalid_type")]
    [InlineData("\"n\": \"2\"", "n", "invalid_type")]
    [InlineData("\"stream\": \"yes\"", "stream", "invalid_type")]
    [InlineData("\"stream_options\": {\"include_usage\": true}", "stream_options", "invalid_value")]
    [InlineData("\"stream\": true, \"stream_options\": 1", "stream_options", "invalid_type")]
    [InlineData("\"stream\": true, \"stream_options\": {\"include_usage\": 1}", "stream_options.include_usage", "invalid_type")]
    [InlineData("\"stream\": true, \"stream_options\": {\"usage\": true}", "stream_options.usage", "unknown_parameter")]
    [InlineData("\"temperature\": -0.1", "temperature", "decimal_below_min_value")]
    [InlineData("\"temperature\": 2.1", "temperature", "decimal_above_max_value")]
    [InlineData("\"temperature\": \"hot\"", "temperature", "invalid_type")]
    [InlineData("\"temperature\": 1e999", "temperature", "decimal_above_max_value")]
    [InlineData("\"top_p\": 1.01", "top_p", "decimal_above_max_value")]
    [InlineData("\"top_k\": -2", "top_k", "integer_below_min_value")]
    [InlineData("\"min_p\": 2", "min_p", "decimal_above_max_value")]
    [InlineData("\"repeat_penalty\": 0", "repeat_penalty", "decimal_below_min_value")]
    [InlineData("\"repetition_penalty\": 1.1", "repetition_penalty", "unsupported_parameter")]
    [InlineData("\"frequency_penalty\": 3", "frequency_penalty", "decimal_above_max_value")]
    [InlineData("\"presence_penalty\": -3", "presence_penalty", "decimal_below_min_value")]
    [InlineData("\"seed\": 0.5", "seed", "invalid_type")]
    [InlineData("\"seed\": 1e3", "seed", "invalid_type")]
    [InlineData("\"seed\": 99999999999999999999", "seed", "integer_above_max_value")]
    [InlineData("\"seed\": -99999999999999999999", "seed", "integer_below_min_value")]
    [InlineData("\"stop\": 3", "stop", "invalid_type")]
    [InlineData("\"stop\": [\"a\", null]", "stop[1]", "invalid_type")]
    [InlineData("\"stop\": \"\"", "stop", "empty_string")]
    [InlineData("\"stop\": [\"a\", \"\"]", "stop[1]", "empty_string")]
    [InlineData("\"logit_bias\": [1]", "logit_bias", "invalid_type")]
    [InlineData("\"logit_bias\": {\"the\": 1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\": {\"-5\": 1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\": {\"5\": 101}", "logit_bias.5", "decimal_above_max_value")]
    [InlineData("\"max_tokens\": 0", "max_tokens", "integer_below_min_value")]
    [InlineData("\"max_tokens\": -2", "max_tokens", "integer_below_min_value")]
    [InlineData("\"max_tokens\": 1000000000", "max_tokens", "integer_above_max_value")]
    [InlineData("\"store\": true", "store", "unsupported_parameter")]
    [InlineData("\"temprature\": 1", "temprature", "unknown_parameter")]
    public async Task SharedField_WhenWrong_Gives400ThatNamesIt(string field, string param, string code)
    {
        await ShouldBeRefusedAsync(Chat, $$"""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],{{field}}}""", param, code);
        await ShouldBeRefusedAsync(Text, $$"""{"model":"pebble","prompt":"Hi",{{field}}}""", param, code);
    }

    [Theory]
    [InlineData("\"max_completion_tokens\": 0", "max_completion_tokens", "integer_below_min_value")]
    [InlineData("\"max_tokens\": 5, \"max_completion_tokens\": 6", "max_tokens", "invalid_value")]
    [InlineData("\"chat_template_kwargs\": [1]", "chat_template_kwargs", "invalid_type")]
    [InlineData("\"chat_template_kwargs\": {\"messages\": []}", "chat_template_kwargs.messages", "invalid_value")]
    [InlineData("\"chat_template_kwargs\": {\"a\": [{\"b\": \"\\ud800\"}]}", "chat_template_kwargs.a[0].b", "invalid_value")]
    [InlineData("\"chat_template_kwargs\": {\"a\": 1e999}", "chat_template_kwargs.a", "decimal_above_max_value")]
    [InlineData("\"logprobs\": 2", "logprobs", "invalid_type")]
    [InlineData("\"top_logprobs\": 3", "top_logprobs", "invalid_value")]
    [InlineData("\"logprobs\": true, \"top_logprobs\": 21", "top_logprobs", "integer_above_max_value")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]", "tools", "unsupported_parameter")]
    [InlineData("\"tool_choice\": \"required\"", "tool_choice", "unsupported_parameter")]
    [InlineData("\"tool_choice\": {\"type\": \"function\"}", "tool_choice", "unsupported_parameter")]
    [InlineData("\"functions\": [{}]", "functions", "unsupported_parameter")]
    [InlineData("\"function_call\": {\"name\": \"f\"}", "function_call", "unsupported_parameter")]
    [InlineData("\"response_format\": {\"type\": \"json_object\"}", "response_format.type", "unsupported_value")]
    [InlineData("\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {}}", "response_format.type", "unsupported_value")]
    [InlineData("\"response_format\": {}", "response_format.type", "missing_required_parameter")]
    [InlineData("\"response_format\": \"text\"", "response_format", "invalid_type")]
    [InlineData("\"modalities\": [\"text\", \"audio\"]", "modalities[1]", "unsupported_value")]
    [InlineData("\"audio\": {\"voice\": \"alloy\"}", "audio", "unsupported_parameter")]
    [InlineData("\"prediction\": {\"type\": \"content\"}", "prediction", "unsupported_parameter")]
    [InlineData("\"web_search_options\": {\"a\": 1}", "web_search_options", "unsupported_parameter")]
    [InlineData("\"reasoning_effort\": \"high\"", "reasoning_effort", "unsupported_parameter")]
    [InlineData("\"prompt\": \"Hi\"", "prompt", "unsupported_parameter")]
    public Task ChatField_WhenWrong_Gives400ThatNamesIt(string field, string param, string code) =>
        ShouldBeRefusedAsync(Chat, $$"""{"model":"pebble","messages":[{"role":"user","content":"Hi"}],{{field}}}""", param, code);

    [Theory]
    [InlineData("\"Hi\"", "messages", "invalid_type")]
    [InlineData("[]", "messages", "array_below_min_length")]
    [InlineData("[1]", "messages[0]", "invalid_type")]
    [InlineData("[{}]", "messages[0].role", "missing_required_parameter")]
    [InlineData("[{\"role\": 1, \"content\": \"a\"}]", "messages[0].role", "invalid_type")]
    [InlineData("[{\"role\": \"robot\", \"content\": \"a\"}]", "messages[0].role", "invalid_value")]
    [InlineData("[{\"role\": \"tool\", \"content\": \"a\"}]", "messages[0].role", "unsupported_value")]
    [InlineData("[{\"role\": \"user\"}]", "messages[0].content", "missing_required_parameter")]
    [InlineData("[{\"role\": \"user\", \"content\": null}]", "messages[0].content", "missing_required_parameter")]
    [InlineData("[{\"role\": \"user\", \"content\": 5}]", "messages[0].content", "invalid_type")]
    [InlineData("[{\"role\": \"user\", \"content\": []}]", "messages[0].content", "array_below_min_length")]
    [InlineData("[{\"role\": \"user\", \"content\": [\"a\"]}]", "messages[0].content[0]", "invalid_type")]
    [InlineData("[{\"role\": \"user\", \"content\": [{\"text\": \"a\"}]}]", "messages[0].content[0].type", "missing_required_parameter")]
    [InlineData("[{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]", "messages[0].content[0].text", "missing_required_parameter")]
    [InlineData(
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]",
        "messages[0].content[1].type", "unsupported_value")]
    [InlineData(
        "[{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"user\", \"text\": \"a\", \"content\": \"b\"}]",
        "messages[1].text", "unknown_parameter")]
    [InlineData(
        "[{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"id\": \"1\"}]}]",
        "messages[0].tool_calls", "unsupported_parameter")]
    [InlineData("[{\"role\": \"user\", \"content\": \"\\ud800\"}]", "messages[0].content", "invalid_value")]
    public Task Messages_WhenWrong_Gives400ThatNamesThePlace(string messages, string param, string code) =>
        ShouldBeRefusedAsync(Chat, $$"""{"model":"pebble","messages":{{messages}}}""", param, code);

    [Theory]
    [InlineData("\"prompt\": 5", "prompt", "invalid_type")]
    [InlineData("\"prompt\": []", "prompt", "array_below_min_length")]
    [InlineData("\"prompt\": [\"a\", 5]", "prompt[1]", "invalid_type")]
    [InlineData("\"prompt\": [5, \"a\"]", "prompt[1]", "invalid_type")]
    [InlineData("\"prompt\": [-5]", "prompt[0]", "integer_below_min_value")]
    [InlineData("\"prompt\": [[1], []]", "prompt[1]", "array_below_min_length")]
    [InlineData("\"prompt\": [[1], [2, 0.5]]", "prompt[1][1]", "invalid_type")]
    [InlineData("\"prompt\": [{}]", "prompt[0]", "invalid_type")]
    [InlineData("\"prompt\": [\"1\",\"2\",\"3\"], \"n\": 11", "prompt", "array_above_max_length")]
    [InlineData("\"prompt\": \"a\", \"logprobs\": 6", "logprobs", "integer_above_max_value")]
    [InlineData("\"prompt\": \"a\", \"logprobs\": true", "logprobs", "invalid_type")]
    [InlineData("\"prompt\": \"a\", \"echo\": 1", "echo", "invalid_type")]
    [InlineData("\"prompt\": \"a\", \"echo\": true, \"logprobs\": 0", "echo", "unsupported_parameter")]
    [InlineData("\"prompt\": \"a\", \"suffix\": \"b\"", "suffix", "unsupported_parameter")]
    [InlineData("\"prompt\": \"a\", \"best_of\": 3", "best_of", "unsupported_value")]
    [InlineData("\"prompt\": \"a\", \"messages\": [1]", "messages", "unsupported_parameter")]
    [InlineData("\"n\": 1", "prompt", "missing_required_parameter")]
    public Task TextField_WhenWrong_Gives400ThatNamesIt(string fields, string param, string code) =>
        ShouldBeRefusedAsync(Text, $$"""{"model":"pebble",{{fields}}}""", param, code);

    [Theory]
    [InlineData("\"prompt\":", "prompt")]
    [InlineData("\"prompt\": \"a\", \"stop\":", "stop")]
    public Task Array_WhenLongerThanItMayBe_Gives400ThatNamesIt(string fields, string param) => ShouldBeRefusedAsync(
        Text, $$"""{"model":"pebble",{{fields}} [{{string.Join(',', Enumerable.Repeat("\"a\"", 33))}}]}""", param, "array_above_max_length");

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}]}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"","messages":[{"role":"user","content":"Hi"}]}""", "model", "invalid_value")]
    [InlineData("""{"model":7,"messages":[{"role":"user","content":"Hi"}]}""", "model", "invalid_type")]
    [InlineData("""{"model":"pebble"}""", "messages", "missing_required_parameter")]
    public Task Request_WhenRequiredFieldIsMissing_Gives400ThatNamesIt(string body, string param, string code) =>
        ShouldBeRefusedAsync(Chat, body, param, code);

    [Theory]
    [InlineData("", "line 1, byte 1")]
    [InlineData("{\n  \"model\": pebble}", "line 2, byte 12")]
    [InlineData("{\"model\": \"pebble\"", "line 1, byte")]
    [InlineData("[1]", "must be a JSON object")]
    [InlineData("{\"temperature\": NaN}", "'N' is an invalid start of a value")]
    [InlineData("{\"model\":\"a\",\"model\":\"b\"}", "same field twice. Duplicate property 'model'")]
    [InlineData("{\"\\ud800\": 1, \"model\":\"pebble\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}", "not valid")]
    public async Task Body_WhenNotAJsonObject_Gives400ThatSaysWhere(string body, string expected)
    {
        var error = await ShouldBeRefusedAsync(Chat, body, null, "invalid_json");
        error.GetProperty("message").GetString()!.ShouldContain(expected);
    }

    [Fact]
    public async Task Body_WhenDeeplyNested_Gives400()
    {
        var nested = new string('[', 2_000) + new string(']', 2_000);
        var error = await ShouldBeRefusedAsync(Chat, $$"""{"model":"pebble","messages":{{nested}}}""", null, "invalid_json");
        error.GetProperty("message").GetString()!.ShouldContain("depth of 32");
    }

    [Fact]
    public async Task Body_WhenBytesAreNotUtf8_Gives400()
    {
        byte[] body = [.. "{\"model\":\"pebble\",\"prompt\":\""u8, 0xFF, 0xFE, .. "\"}"u8];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        using var response = await gateway.Http.PostAsync(Text, content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Refusal_WhenTypeIsWrong_SaysWhatWasExpectedAndWhatCame()
    {
        var error = await ShouldBeRefusedAsync(
            Text, """{"model":"pebble","prompt":"a","max_tokens":"ten"}""", "max_tokens", "invalid_type");
        error.GetProperty("message").GetString().ShouldBe("Invalid type for 'max_tokens': expected an integer, but got a string instead.");
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task Refusal_WhenTheNameOfTheFieldIsLong_QuotesItsBeginning()
    {
        var name = new string('a', 1_000);
        var error = await ShouldBeRefusedAsync(
            Text, $$"""{"model":"pebble","prompt":"a","{{name}}":1}""", $"{name[..61]}...", "unknown_parameter");
        error.GetProperty("message").GetString()!.Length.ShouldBeLessThan(200);
    }

    [Fact]
    public async Task Refusals_NeverReachTheCluster()
    {
        await ShouldBeRefusedAsync(Text, """{"model":"pebble","prompt":"a","n":0}""", "n", "integer_below_min_value");
        gateway.Admission.Requests.ShouldBeEmpty();
        gateway.Head.Requests.ShouldBeEmpty();
    }

    private async Task<JsonElement> ShouldBeRefusedAsync(string path, string body, string? param, string code)
    {
        using var response = await gateway.PostAsync(path, body, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        error.GetProperty("param").GetString().ShouldBe(param, text);
        error.GetProperty("code").GetString().ShouldBe(code, text);
        return error;
    }
}
