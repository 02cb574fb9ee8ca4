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
    private readonly StreamingDetokenizer _detokenizer = new();
    private readonly StopMatcher _matcher = new(stops);
    private readonly Queue<(TokenLogProbability Token, long Begin, long End)> _held = new();
    private long _decodedCharacters;
    private long _shownCharacters;

    /// <summary>Whether a stop text ended the completion.</summary>
    public bool IsStopped => _matcher.IsStopped;

    public GenerationDelta Append(SampledToken sampled)
    {
        var piece = tokenizer.PieceOf(sampled.Token).Span;
        var decoded = _detokenizer.Append(piece);
        var begin = _decodedCharacters;
        _decodedCharacters += decoded.Length;
        _held.Enqueue((ToLogProbability(sampled, piece), begin, _decodedCharacters));
        return Show(_matcher.Append(decoded));
    }

    /// <summary>What was held back: nothing more will come. Not for a completion that a stop text ended.</summary>
    public GenerationDelta Flush()
    {
        var decoded = _detokenizer.Flush();
        _decodedCharacters += decoded.Length;
        var text = new StringBuilder(_matcher.Append(decoded)).Append(_matcher.Flush()).ToString();
        return Show(text);
    }

    private GenerationDelta Show(string text)
    {
        _shownCharacters += text.Length;
        var tokens = ImmutableArray.CreateBuilder<TokenLogProbability>();
        while (_held.TryPeek(out var next) && (next.End <= _shownCharacters || (IsStopped && next.Begin < _shownCharacters)))
            tokens.Add(_held.Dequeue().Token);
        return new GenerationDelta(text, tokens.DrainToImmutable());
    }

    private TokenLogProbability ToLogProbability(SampledToken sampled, ReadOnlySpan<byte> piece)
    {
        var alternatives = (sampled.Alternatives ?? [])
            .Select(other => new AlternativeToken(other.Token, [.. tokenizer.PieceOf(other.Token).Span], other.LogProbability));
        return new TokenLogProbability(sampled.Token, [.. piece], sampled.LogProbability, [.. alternatives]);
    }
}
