using System.Text.Json.Serialization;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>One event of a streamed chat completion.</summary>
internal sealed record ChatCompletionChunk(
    string Id, string Object, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChatChunkChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UsageField? Usage)
{
    public const string ObjectName = "chat.completion.chunk";
}

internal sealed record ChatChunkChoice(int Index, ChatChunkDelta Delta, ChatLogProbabilities? Logprobs, string? FinishReason);

internal sealed record ChatChunkDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }
}
