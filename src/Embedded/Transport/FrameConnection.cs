using Microsoft.AspNetCore.Connections;

namespace OrleansInference.Embedded.Transport;

/// <summary>A connection as frames. Only the silo that opened it sends; the other one's only news is its end.</summary>
internal sealed class FrameConnection(ConnectionContext connection) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _takesRequests = true;
    private bool _isEnded;

    /// <summary>Completes when all that arrives has been taken.</summary>
    public Task Received => _received.Task;

    /// <summary>Frames that come while one is written go out together; senders wait while too much is on its way.</summary>
    /// <exception cref="ConnectFailedException">The peer is leaving and takes no more requests.</exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    public async Task SendAsync(FrameKind kind, ReadOnlyMemory<byte> body)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (kind == FrameKind.Request && !_takesRequests)
                throw new ConnectFailedException("The silo is leaving and takes no more requests.");
            _takesRequests &= kind != FrameKind.LeavingSeen;
            if (!_isEnded)
                FrameCodec.Write(connection.Transport.Output, kind, body.Span);
            if (_isEnded || (await connection.Transport.Output.FlushAsync().ConfigureAwait(false)).IsCompleted)
                throw new IOException("The connection has ended.");
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Has every frame taken that arrives, until the connection ends. Nothing is sent from then on.</summary>
    /// <exception cref="InvalidDataException">What arrives are no frames.</exception>
    public async Task ReceiveAsync(int maximumBytes, Action<FrameKind, ReadOnlyMemory<byte>> take)
    {
        try
        {
            var isOpen = true;
            while (isOpen)
            {
                var result = await connection.Transport.Input.ReadAsync().ConfigureAwait(false);
                var buffer = result.Buffer;
                while (FrameCodec.TryRead(ref buffer, maximumBytes, out var kind, out var body))
                    take(kind, body);
                connection.Transport.Input.AdvanceTo(buffer.Start, buffer.End);
                isOpen = !result.IsCompleted;
            }
        }
        finally
        {
            _received.TrySetResult();
            Dispose();
            await TryCompleteAsync(Timeout.InfiniteTimeSpan).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends what waits, for a bounded time, and ends the connection.</summary>
    public async Task FinishAsync(TimeSpan timeout)
    {
        if (await TryCompleteAsync(timeout).ConfigureAwait(false))
            await Task.Delay(timeout, connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    public void Dispose() => connection.Abort();

    private async Task<bool> TryCompleteAsync(TimeSpan timeout)
    {
        if (!await _writing.WaitAsync(timeout).ConfigureAwait(false))
            return false;
        _isEnded = true;
        await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
        _writing.Release();
        return true;
    }
}
