using System.Collections.Immutable;

namespace OrleansInference.DataPlane.Generation;

/// <summary>
/// What a gateway asks of a head: one completion. Exactly one of <see cref="Messages"/>, <see cref="Prompt"/> and
/// <see cref="PromptTokens"/> is set. The head tokenizes, because only silos have the tokenizer.
/// </summary>
public sealed record GenerationRequest
{
    /// <summary>Stop texts of one request. OpenAI takes 4, but editors that complete code send all that their model may begin a file with.</summary>
    public const int MaximumStops = 32;

    /// <summary>Chat messages, turned into text by the model's chat template. What they say stays text.</summary>
    public ImmutableArray<ChatMessage>? Messages { get; init; }

    /// <summary>With <see cref="Messages"/>: what the chat template is told besides, as the text of a JSON object; null for nothing.</summary>
    public string? TemplateArguments { get; init; }

    /// <summary>
    /// Text in the model's own format: the texts of control tokens become those tokens, and the token that begins every text, where the
    /// model has one, is put before it.
    /// </summary>
    public string? Prompt { get; init; }

    public ImmutableArray<int>? PromptTokens { get; init; }

    public required SamplingParameters Sampling { get; init; }

    /// <summary>Tokens to generate at most; null means as many as the context holds.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>Texts that end the completion and are not part of it; at most <see cref="MaximumStops"/>, none empty.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Whether the prompt's text precedes the completion (the "echo" of /v1/completions).</summary>
    public bool Echo { get; init; }

    /// <summary>Rows per prefill chunk, from the gateway grain's prompt plan; the head caps it at its batch size.</summary>
    public int PrefillChunkRows { get; init; }
}

public sealed record ChatMessage(string Role, string Content);
