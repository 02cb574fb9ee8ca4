using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Transport;

/// <summary>Frames over Unix domain sockets in the cluster's folder; one connection for each direction between two silos.</summary>
internal sealed class UnixSocketTransport(
    IOptions<EmbeddedClusterOptions> options, IOptions<SiloMessagingOptions> messaging, ILogger<UnixSocketTransport> logger) : ITransport
{
    /// <summary>Connections that may wait to be accepted.</summary>
    private const int Backlog = 256;

    private const int ReadBufferBytes = 64 * 1024;

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<SiloAddress, Lazy<Task<OutboundConnection>>> _outbound = new();
    private readonly ConcurrentDictionary<Socket, bool> _inbound = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private ITransportHandler _handler = null!;
    private byte[] _hello = [];
    private volatile bool _isClosed;

    public Task ListenAsync(Member self, ITransportHandler handler)
    {
        _handler = handler;
        _hello = Encoding.ASCII.GetBytes(self.Silo.ToParsableString());
        _listener.Bind(new UnixDomainSocketEndPoint(self.Socket));
        _listener.Listen(Backlog);
        _ = AcceptAsync();
        return Task.CompletedTask;
    }

    public async Task ConnectAsync(Member to) => await OpenAsync(to).ConfigureAwait(false);

    public async Task SendAsync(Member to, FrameKind kind, ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body)
    {
        var (length, maximum) = ((long)head.Length + body.Length, messaging.Value.MaxMessageBodySize);
        if (length > maximum)
            throw new InvalidOperationException($"A message of {length:N0} bytes is larger than {maximum:N0}, the most that may be sent.");
        var connection = await OpenAsync(to).ConfigureAwait(false);
        await connection.SendAsync(kind, head, body).ConfigureAwait(false);
    }

    public void Abort()
    {
        _isClosed = true;
        _listener.Dispose();
        foreach (var socket in _inbound.Keys)
            socket.Dispose();
        foreach (var connection in Connected())
            connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        var isAborted = _isClosed;
        _isClosed = true;
        if (!isAborted)
            await Task.WhenAll(Connected().Select(connection => connection.FinishAsync(FlushTimeout))).ConfigureAwait(false);
        Abort();
    }

    private IEnumerable<OutboundConnection> Connected() => _outbound.Values
        .Where(connection => connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        .Select(connection => connection.Value.Result);

    private async Task<OutboundConnection> OpenAsync(Member to)
    {
        if (_isClosed)
            throw new ConnectionLostException("This silo has stopped.");
        var entry = _outbound.GetOrAdd(
            to.Silo, static (_, state) => new(() => state.Transport.StartAsync(state.To)), (Transport: this, To: to));
        try
        {
            return await entry.Value.ConfigureAwait(false);
        }
        catch
        {
            _outbound.TryRemove(KeyValuePair.Create(to.Silo, entry));
            throw;
        }
    }

    private async Task<OutboundConnection> StartAsync(Member to)
    {
        var connection = new OutboundConnection(to, options.Value.SendQueueBytes);
        await connection.ConnectAsync(_hello, options.Value.ConnectTimeout, OnLost).ConfigureAwait(false);
        return connection;
    }

    private void OnLost(OutboundConnection connection)
    {
        _outbound.TryRemove(connection.Peer, out _);
        if (!_isClosed)
            _handler.OnConnectionLost(connection.Peer);
    }

    private async Task AcceptAsync()
    {
        while (!_isClosed)
        {
            try
            {
                var socket = await _listener.AcceptAsync().ConfigureAwait(false);
                _inbound[socket] = true;
                if (_isClosed)
                    socket.Dispose();
                else
                    _ = ReceiveAsync(socket);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_isClosed)
                    return;
                logger.AcceptFailed(e);
                await Task.Delay(AcceptRetryDelay).ConfigureAwait(false);
            }
        }
    }

    private async Task ReceiveAsync(Socket socket)
    {
        SiloAddress? peer = null;
        var reader = PipeReader.Create(
            new NetworkStream(socket, ownsSocket: true), new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, useZeroByteReads: true));
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync().ConfigureAwait(false);
                var buffer = result.Buffer;
                while (FrameCodec.TryRead(ref buffer, messaging.Value.MaxMessageBodySize, out var kind, out var body))
                    peer = OnFrame(peer, kind, body);
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Broken rather than closed: the end all the same.
        }
        catch (Exception e)
        {
            logger.ConnectionRefused(e, peer);
        }
        await reader.CompleteAsync().ConfigureAwait(false);
        _inbound.TryRemove(socket, out _);
        if (peer is not null && !_isClosed)
            _handler.OnConnectionLost(peer);
    }

    private SiloAddress OnFrame(SiloAddress? peer, FrameKind kind, ReadOnlyMemory<byte> body)
    {
        if (peer is not null)
        {
            _handler.OnFrame(peer, kind, body);
            return peer;
        }
        if (kind != FrameKind.Hello || !SiloAddress.TryParse(Encoding.ASCII.GetString(body.Span), out peer))
            throw new InvalidDataException("A connection starts with who speaks.");
        _handler.OnFrame(peer, kind, body);
        return peer;
    }
}
