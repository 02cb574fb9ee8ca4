using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Orleans.Runtime;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Transport;

/// <summary>Sends to one peer. The peer never answers on the same connection, so its only news is the end of it.</summary>
internal sealed class OutboundConnection(Member peer, int queueBytes) : IDisposable
{
    /// <summary>What one call to the kernel sends at most.</summary>
    private const int SegmentBytes = 64 * 1024;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: queueBytes,
        resumeWriterThreshold: queueBytes / 2,
        minimumSegmentSize: SegmentBytes,
        useSynchronizationContext: false));

    private Task _pump = Task.CompletedTask;
    private bool _takesRequests = true;

    public SiloAddress Peer => peer.Silo;

    /// <summary>Connects and says who speaks; <paramref name="onLost"/> is called once, when the connection ends later.</summary>
    public async Task ConnectAsync(byte[] hello, TimeSpan timeout, Action<OutboundConnection> onLost)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            await _socket.ConnectAsync(new UnixDomainSocketEndPoint(peer.Socket), limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            Dispose();
            throw new ConnectFailedException($"Silo {peer.Profile.Name} ({peer.Silo}) does not take connections at {peer.Socket}.", e);
        }
        _pump = PumpAsync(onLost);
        await SendAsync(FrameKind.Hello, hello, default).ConfigureAwait(false);
    }

    public async Task SendAsync(FrameKind kind, ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (kind == FrameKind.Request && !_takesRequests)
                throw new ConnectFailedException($"Silo {peer.Profile.Name} ({peer.Silo}) is leaving and takes no more requests.");
            _takesRequests &= kind != FrameKind.LeavingSeen;
            FrameCodec.Write(_pipe.Writer, kind, head.Span, body.Span);
            if ((await _pipe.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted)
                throw new ConnectionLostException($"The connection to silo {peer.Profile.Name} ({peer.Silo}) has ended.");
        }
        catch (InvalidOperationException e)
        {
            throw new ConnectionLostException($"The connection to silo {peer.Profile.Name} ({peer.Silo}) has ended.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends what waits, for a bounded time, and ends the connection.</summary>
    public async Task FinishAsync(TimeSpan timeout)
    {
        await _pipe.Writer.CompleteAsync().ConfigureAwait(false);
        await Task.WhenAny(_pump, Task.Delay(timeout)).ConfigureAwait(false);
        Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private async Task PumpAsync(Action<OutboundConnection> onLost)
    {
        var watch = WatchAsync();
        try
        {
            while (true)
            {
                var result = await _pipe.Reader.ReadAsync().ConfigureAwait(false);
                foreach (var segment in result.Buffer)
                    await SendAllAsync(segment).ConfigureAwait(false);
                _pipe.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled)
                    break;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end of the connection, which is told below.
        }
        await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        Dispose();
        await watch.ConfigureAwait(false);
        onLost(this);
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes).ConfigureAwait(false)..];
    }

    // The kernel reports the end of the peer's process here, whether or not there is anything to send.
    private async Task WatchAsync()
    {
        try
        {
            await _socket.ReceiveAsync(new byte[1]).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Broken rather than closed: the end all the same.
        }
        _pipe.Reader.CancelPendingRead();
    }
}
