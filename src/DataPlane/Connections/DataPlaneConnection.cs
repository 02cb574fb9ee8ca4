using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

/// <summary>One connection of the data plane, alike on both sides.</summary>
public sealed class DataPlaneConnection : IAsyncDisposable
{
    internal DataPlaneConnection(HelloFrame hello, string remote) => (Hello, Remote) = (hello, remote);

    /// <summary>What the connection was opened with, on either side.</summary>
    public HelloFrame Hello { get; }

    /// <summary>The other side's address, for logs.</summary>
    public string Remote { get; }

    /// <summary>
    /// Ends when the connection is gone: successfully when this side disposed it, else faulted with the <see cref="DataPlaneClosedException"/> that says why.
    /// </summary>
    public Task Completion => throw new NotImplementedException();

    /// <summary>
    /// Sends a frame. Its memory is read before this method returns, even when the task it returns is not complete: it waits while the send queue is full.
    /// Frames sent one after another arrive in that order. A cancelled send is not sent at all.
    /// </summary>
    /// <exception cref="ArgumentException">The frame breaks the protocol's bounds, or does not belong on a connection of this role.</exception>
    /// <exception cref="DataPlaneClosedException">The connection is gone.</exception>
    public ValueTask SendAsync(Frame frame, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Sends what is queued, for a bounded time, then closes. Never waits for the handler, and may be called by it.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
