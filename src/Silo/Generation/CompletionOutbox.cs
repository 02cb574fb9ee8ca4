using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// What a completion has yet to send, as one growing delta. The scheduler adds and never waits; the connection takes when it can. Beyond
/// <paramref name="maximumTokens"/> the completion is to pause.
/// </summary>
internal sealed class CompletionOutbox(long requestId, int maximumTokens)
{
    private readonly Lock _gate = new();
    private DeltaBuffer _filling = new(requestId);
    private DeltaBuffer _taken = new(requestId);
    private GenerationFinish? _finish;
    private bool _isOffered;

    public bool IsFull
    {
        get
        {
            lock (_gate)
                return _filling.TokenCount >= maximumTokens;
        }
    }

    public void Add(CompletionPiece piece)
    {
        lock (_gate)
            piece.WriteTo(_filling);
    }

    public void Add(string text)
    {
        lock (_gate)
            _filling.AddText(text);
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

    /// <summary>
    /// Takes everything: the delta to send, if there is any, which is valid until the next call, and the end after it, once it is known.
    /// </summary>
    public (DeltaBuffer? Delta, GenerationFinish? Finish) Take()
    {
        lock (_gate)
        {
            var delta = _filling.IsEmpty ? null : _filling;
            if (delta is not null)
            {
                (_filling, _taken) = (_taken, _filling);
                _filling.Clear();
            }
            _isOffered = false;
            // The end is given out once: an offer made before it was taken may still bring the caller back.
            var end = _finish;
            _finish = null;
            return (delta, end);
        }
    }
}
