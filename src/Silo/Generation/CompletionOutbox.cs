using System.Collections.Immutable;
using System.Text;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// What a completion has yet to send, as one growing delta. The scheduler adds and never waits; the connection takes when it can. Beyond
/// <paramref name="maximumTokens"/> the completion is to pause.
/// </summary>
internal sealed class CompletionOutbox(int maximumTokens)
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private readonly ImmutableArray<TokenLogProbability>.Builder _tokens = ImmutableArray.CreateBuilder<TokenLogProbability>();
    private GenerationFinish? _finish;
    private bool _isOffered;

    public bool IsFull
    {
        get
        {
            lock (_gate)
                return _tokens.Count >= maximumTokens;
        }
    }

    public void Add(GenerationDelta delta)
    {
        lock (_gate)
        {
            _text.Append(delta.Text);
            _tokens.AddRange(delta.Tokens);
        }
    }

    public void Finish(GenerationFinish outcome)
    {
        lock (_gate)
            _finish = outcome;
    }

    /// <summary>Whether the caller is the first to say, since the last <see cref="Take"/>, that there is something to take.</summary>
    public bool TryMarkOffered()
    {
        lock (_gate)
        {
            if (_isOffered)
                return false;
            return _isOffered = true;
        }
    }

    /// <summary>Takes everything: the delta to send, if there is any, and the end after it, once it is known.</summary>
    public (GenerationDelta? Delta, GenerationFinish? Finish) Take()
    {
        lock (_gate)
        {
            var delta = _text.Length == 0 && _tokens.Count == 0 ? null : new GenerationDelta(_text.ToString(), _tokens.DrainToImmutable());
            _text.Clear();
            _isOffered = false;
            // The end is given out once: an offer made before it was taken may still bring the caller back.
            var end = _finish;
            _finish = null;
            return (delta, end);
        }
    }
}
