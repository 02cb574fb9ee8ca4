using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.OpenAI;

/// <summary>How completions are written: as chat, or as text. One per request.</summary>
internal interface ICompletionFormat<TChunk>
{
    JsonTypeInfo<TChunk> ChunkJson { get; }

    /// <summary>The events of a part of a completion, possibly none.</summary>
    /// <param name="isFirst">Whether it is the first part of this completion.</param>
    IEnumerable<TChunk> ChunksOf(int index, CompletionPart part, bool isFirst);

    /// <summary>The last event, for clients that asked for the usage.</summary>
    TChunk UsageChunk(Usage usage);

    /// <summary>The answer without a stream.</summary>
    IResult Complete(IReadOnlyList<FinishedCompletion> completions, Usage usage);
}

internal sealed record FinishedCompletion(string Text, ImmutableArray<TokenLogProbability> Tokens, FinishReason Reason);

internal static class FinishReasons
{
    /// <summary>OpenAI's name of why a completion ended.</summary>
    public static string NameOf(FinishReason reason) => reason == FinishReason.Length ? "length" : "stop";
}
