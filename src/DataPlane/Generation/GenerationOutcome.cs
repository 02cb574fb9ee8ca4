using System.Collections.Immutable;

namespace OrleansInference.DataPlane.Generation;

/// <summary>A piece of a completion: whole UTF-8 characters only, possibly none yet.</summary>
/// <param name="Text">New text since the last delta.</param>
/// <param name="Tokens">The tokens sampled since the last delta, with log probabilities when they were asked for.</param>
public sealed record GenerationDelta(string Text, ImmutableArray<TokenLogProbability> Tokens);

/// <summary>A sampled token with its log probability (natural logarithm) and the likeliest alternatives.</summary>
/// <param name="Bytes">The token's own bytes, which may be half a character.</param>
public sealed record TokenLogProbability(
    int Token, ImmutableArray<byte> Bytes, float LogProbability, ImmutableArray<AlternativeToken> Alternatives);

public sealed record AlternativeToken(int Token, ImmutableArray<byte> Bytes, float LogProbability);

/// <summary>The end of a completion; the last thing a head says of a request.</summary>
/// <param name="CachedTokens">Tokens of the prompt that were not computed, because an earlier sequence began alike.</param>
/// <param name="DraftedTokens">Tokens that were guessed ahead, right or wrong.</param>
/// <param name="AcceptedTokens">Those of them that were right.</param>
public sealed record GenerationFinish(
    FinishReason Reason, int PromptTokens, int CompletionTokens, GenerationError? Error = null, int CachedTokens = 0,
    int DraftedTokens = 0, int AcceptedTokens = 0);

public enum FinishReason : byte
{
    /// <summary>An end-of-generation token or a stop text.</summary>
    Stop,
    /// <summary>The token limit, or the context is full.</summary>
    Length,
    Cancelled,
    Error,
}

/// <summary>Why a completion failed, in words for the client, with no prompt text in it.</summary>
/// <param name="RetryAfterMilliseconds">When trying again may help; 0 when it will not.</param>
public sealed record GenerationError(GenerationErrorCode Code, string Message, int RetryAfterMilliseconds = 0);

public enum GenerationErrorCode : byte
{
    /// <summary>The request itself is wrong: unknown template, bad token id, bad parameter.</summary>
    InvalidRequest,
    /// <summary>Prompt and wanted tokens do not fit the context; found before any work.</summary>
    ContextOverflow,
    QueueFull,
    /// <summary>The pipeline is of another epoch, not proven yet, or retiring.</summary>
    NotReady,
    /// <summary>A stage was lost while this completion ran.</summary>
    StageLost,
    Internal,
}
