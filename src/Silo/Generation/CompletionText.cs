using System.Collections.Immutable;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Turns sampled tokens into deltas: whole characters only, nothing of a stop text, and each token no sooner than its text,
/// so that tokens that lie wholly in a stop text are never shown.
/// </summary>
internal sealed class CompletionText(ITokenizer tokenizer, ImmutableArray<string> stops)
{
    private readonly StreamingDetokenizer detokenizer = new();
    private readonly StopMatcher matcher = new(stops);
    private readonly Queue<(TokenLogProbability Token, long Begin, long End)> held = new();
    private long decodedCharacters;
    private long shownCharacters;

    /// <summary>Whether a stop text ended the completion.</summary>
    public bool IsStopped => matcher.IsStopped;

    public GenerationDelta Append(SampledToken sampled)
    {
        var piece = tokenizer.PieceOf(sampled.Token).Span;
        var decoded = detokenizer.Append(piece);
        var begin = decodedCharacters;
        decodedCharacters += decoded.Length;
        held.Enqueue((ToLogProbability(sampled, piece), begin, decodedCharacters));
        return Show(matcher.Append(decoded));
    }

    /// <summary>What was held back: nothing more will come. Not for a completion that a stop text ended.</summary>
    public GenerationDelta Flush()
    {
        var decoded = detokenizer.Flush();
        decodedCharacters += decoded.Length;
        var text = new StringBuilder(matcher.Append(decoded)).Append(matcher.Flush()).ToString();
        return Show(text);
    }

    private GenerationDelta Show(string text)
    {
        shownCharacters += text.Length;
        var tokens = ImmutableArray.CreateBuilder<TokenLogProbability>();
        while (held.TryPeek(out var next) && (next.End <= shownCharacters || (IsStopped && next.Begin < shownCharacters)))
            tokens.Add(held.Dequeue().Token);
        return new GenerationDelta(text, tokens.DrainToImmutable());
    }

    private TokenLogProbability ToLogProbability(SampledToken sampled, ReadOnlySpan<byte> piece)
    {
        var alternatives = (sampled.Alternatives ?? [])
            .Select(other => new AlternativeToken(other.Token, [.. tokenizer.PieceOf(other.Token).Span], other.LogProbability));
        return new TokenLogProbability(sampled.Token, [.. piece], sampled.LogProbability, [.. alternatives]);
    }
}
