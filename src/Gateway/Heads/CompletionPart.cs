using System.Collections.Immutable;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>Everything that arrived of a completion since it was last read.</summary>
/// <param name="Tokens">The tokens of the text, when their log probabilities were asked for; otherwise empty.</param>
/// <param name="Finish">Set on the last part.</param>
internal readonly record struct CompletionPart(string Text, ImmutableArray<TokenLogProbability> Tokens, GenerationFinish? Finish);
