using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansInference.Gateway.Admin;
using OrleansInference.Gateway.Health;
using OrleansInference.Gateway.OpenAI.Chat;
using OrleansInference.Gateway.OpenAI.Completions;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Models;

namespace OrleansInference.Gateway.OpenAI;

/// <summary>Everything that the gateway writes as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(TextCompletion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(Topology))]
[JsonSerializable(typeof(ModelRemoval))]
[JsonSerializable(typeof(Readiness))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Text as it is: what is sent is JSON, not HTML, and needs no more escapes than JSON does.</summary>
    public static WireJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
