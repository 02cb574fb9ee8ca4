using System.Text.Json.Serialization;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>What /v1/completions answers, and each event of its streams.</summary>
internal sealed record TextCompletion(
    string Id, string Object, long Created, string Model, string SystemFingerprint, IReadOnlyList<TextChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UsageField? Usage)
{
    public const string ObjectName = "text_completion";
}

internal sealed record TextChoice(string Text, int Index, TextLogProbabilities? Logprobs, string? FinishReason);
