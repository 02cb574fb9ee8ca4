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
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly ImmutableArray<TokenLogProbability>.Builder tokens = ImmutableArray.CreateBuilder<TokenLogProbability>();
    private GenerationFinish? finish;
    private bool isOffered;

    public bool IsFull
    {
        get
        {
            lock (gate)
                return tokens.Count >= maximumTokens;
        }
    }

    public void Add(GenerationDelta delta)
    {
        lock (gate)
        {
            text.Append(delta.Text);
            tokens.AddRange(delta.Tokens);
        }
    }

    public void Finish(GenerationFinish outcome)
    {
        lock (gate)
            finish ??= outcome;
    }

    /// <summary>Whether the caller is the first to say, since the last <see cref="Take"/>, that there is something to take.</summary>
    public bool TryMarkOffered()
    {
        lock (gate)
        {
            if (isOffered)
                return false;
            return isOffered = true;
        }
    }

    /// <summary>Takes everything: the delta to send, if there is any, and the end after it, once it is known.</summary>
    public (GenerationDelta? Delta, GenerationFinish? Finish) Take()
    {
        lock (gate)
        {
            var delta = text.Length == 0 && tokens.Count == 0 ? null : new GenerationDelta(text.ToString(), tokens.DrainToImmutable());
            text.Clear();
            isOffered = false;
            return (delta, finish);
        }
    }
}
