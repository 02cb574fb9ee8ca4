namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>What /v1/chat/completions answers without a stream.</summary>
internal sealed record ChatCompletion(
    string Id, string Object, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChatChoice> Choices, Usage Usage)
{
    public const string ObjectName = "chat.completion";
}

internal sealed record ChatChoice(int Index, ChatAnswer Message, ChatLogProbabilities? Logprobs, string FinishReason);

internal sealed record ChatAnswer(string Role, string Content)
{
    /// <summary>Part of OpenAI's shape; nothing is ever refused here.</summary>
    public string? Refusal { get; }
}
