using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>One completion that a head works on. Disposing it before its end cancels it there.</summary>
internal sealed class HeadRequest(long id, HeadConnection connection, CompletionInbox inbox) : IAsyncDisposable
{
    private volatile bool _hasBegun;

    public long Id { get; } = id;

    /// <summary>Whether the head has sent anything; until then the completion waits for a slot, or its prompt is computed.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Waits for more; the part with a finish is the last. A lost connection is a finish with StageLost.</summary>
    public ValueTask<CompletionPart> ReadAsync(CancellationToken cancellation) => inbox.ReadAsync(cancellation);

    /// <inheritdoc cref="CompletionInbox.Add"/>
    public bool OnDelta(GenerationDelta delta)
    {
        _hasBegun = true;
        return inbox.Add(delta);
    }

    public void OnFinish(GenerationFinish finish) => inbox.Finish(finish);

    public ValueTask DisposeAsync() => connection.EndAsync(this);
}
