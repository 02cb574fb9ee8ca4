using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Turns sampled tokens into pieces to show: whole characters only, nothing of a stop text, and each token no sooner than its text,
/// so that tokens that lie wholly in a stop text are never shown.
/// </summary>
internal sealed class CompletionText(ITokenizer tokenizer, ImmutableArray<string> stops)
{
    private readonly StreamingDetokenizer _detokenizer = new();
    private readonly StopMatcher _matcher = new(stops);
    private readonly Queue<(SampledToken Token, long Begin, long End)> _held = new();
    private readonly List<SampledToken> _shown = [];
    private long _decodedCharacters;
    private long _shownCharacters;

    /// <summary>Whether a stop text ended the completion.</summary>
    public bool IsStopped => _matcher.IsStopped;

    public CompletionPiece Append(SampledToken sampled)
    {
        var decoded = _detokenizer.Append(tokenizer.PieceOf(sampled.Token).Span);
        var begin = _decodedCharacters;
        _decodedCharacters += decoded.Length;
        _held.Enqueue((sampled, begin, _decodedCharacters));
        return Show(_matcher.Append(decoded));
    }

    /// <summary>What was held back: nothing more will come. Not for a completion that a stop text ended.</summary>
    public CompletionPiece Flush()
    {
        var decoded = _detokenizer.Flush();
        _decodedCharacters += decoded.Length;
        return Show(_matcher.Flush(decoded));
    }

    private CompletionPiece Show(ReadOnlySpan<char> text)
    {
        _shownCharacters += text.Length;
        _shown.Clear();
        while (_held.TryPeek(out var next) && (next.End <= _shownCharacters || (IsStopped && next.Begin < _shownCharacters)))
            _shown.Add(_held.Dequeue().Token);
        return new CompletionPiece(tokenizer, text, CollectionsMarshal.AsSpan(_shown));
    }
}
