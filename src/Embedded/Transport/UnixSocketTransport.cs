using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Transport;

/// <summary>Frames over Unix domain sockets in the cluster's folder; one connection for each direction between two silos.</summary>
internal sealed class UnixSocketTransport(
    IClusterMembership membership,
    TimeProvider time,
    IOptions<SiloMessagingOptions> messaging,
    ILogger<UnixSocketTransport> logger) : ITransport
{
    /// <summary>Bytes that may wait to be sent on a connection.</summary>
    private const int QueueBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>How long what a silo has sent may take to be read once it has ended.</summary>
    private static readonly TimeSpan RestTimeout = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<SiloAddress, Lazy<Task<FrameConnection>>> _outbound = new();

    /// <summary>The connections, and of those that a peer has opened, and has said so on, which peer that is.</summary>
    private readonly ConcurrentDictionary<FrameConnection, SiloAddress?> _open = new();
    private readonly SocketConnectionContextFactory _connections = new(new() { MaxWriteBufferSize = QueueBytes }, logger);
    private IConnectionListener? _listener;
    private SiloPeers _peers = null!;
    private byte[] _hello = [];
    private volatile bool _isClosed;

    public async Task ListenAsync(Member self, SiloPeers peers)
    {
        _peers = peers;
        _hello = Encoding.ASCII.GetBytes(self.Silo.ToParsableString());
        var sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        _listener = await sockets.BindAsync(new UnixDomainSocketEndPoint(self.Socket));
        _ = AcceptAsync(_listener);
    }

    public Task ConnectAsync(SiloAddress to) => ConnectionTo(to);

    public async Task SendAsync(SiloAddress to, FrameKind kind, ReadOnlyMemory<byte> body)
    {
        var maximum = messaging.Value.MaxMessageBodySize;
        if (body.Length > maximum)
            throw new InvalidOperationException(
                $"A message of {body.Length:N0} bytes is larger than {maximum:N0}, the most that may be sent.");
        var connection = await ConnectionTo(to).ConfigureAwait(false);
        await connection.SendAsync(kind, body).ConfigureAwait(false);
    }

    // The connections of a process that was killed all end at once, so this takes no longer than there is something to read.
    public async Task TakeRestAsync(SiloAddress from) =>
        await Task.WhenAll(_open.Where(open => from.Equals(open.Value)).Select(open => open.Key.Received))
            .WaitAsync(RestTimeout, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_open.Keys.Select(connection => connection.FinishAsync(FlushTimeout))).ConfigureAwait(false);
        _connections.Dispose();
    }

    private Task<FrameConnection> ConnectionTo(SiloAddress to) => _isClosed
        ? Task.FromException<FrameConnection>(new IOException("This silo has stopped."))
        : _outbound.GetOrAdd(to, static (to, transport) => new(() => Task.Run(() => transport.OpenAsync(to))), this).Value;

    private async Task<FrameConnection> OpenAsync(SiloAddress to)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Who has just joined may be heard before it is seen.
            if (!membership.Members.ContainsKey(to))
                await membership.RefreshAsync();
            var member = membership.Members.GetValueOrDefault(to) ?? throw new IOException("it is no member");
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(member.Socket));
            var connection = new FrameConnection(_connections.Create(socket));
            await connection.SendAsync(FrameKind.Hello, _hello);
            _ = ReceiveAsync(connection, to);
            return connection;
        }
        catch (Exception e)
        {
            socket.Dispose();
            _outbound.TryRemove(to, out _);
            throw new ConnectFailedException($"Silo {to} cannot be reached: {e.Message}.", e);
        }
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync().ConfigureAwait(false) is { } accepted)
            _ = ReceiveAsync(new FrameConnection(accepted), null);
    }

    /// <param name="to">Where this silo has opened the connection to; null for one that a peer has opened.</param>
    private async Task ReceiveAsync(FrameConnection connection, SiloAddress? to)
    {
        var peer = to;
        _open[connection] = null;
        if (_isClosed)
            connection.Dispose();
        try
        {
            await connection.ReceiveAsync(messaging.Value.MaxMessageBodySize, (kind, body) =>
            {
                if (peer is null)
                    _open[connection] = peer = ReadHello(kind, body.Span);
                _peers.OnFrame(peer, kind, body);
            });
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Broken rather than closed: the end all the same.
        }
        catch (Exception e)
        {
            logger.ConnectionRefused(e, peer);
        }
        _open.TryRemove(connection, out _);
        if (to is not null)
            _outbound.TryRemove(to, out _);
        if (peer is not null && !_isClosed)
            _peers.OnConnectionLost(peer);
    }

    private static SiloAddress ReadHello(FrameKind kind, ReadOnlySpan<byte> body) =>
        kind == FrameKind.Hello && SiloAddress.TryParse(Encoding.ASCII.GetString(body), out var peer)
            ? peer
            : throw new InvalidDataException("A connection starts with who speaks.");
}
