using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Listens where <see cref="DataPlaneOptions.Listen"/> says: hears a connection's Hello, asks the acceptor, and keeps the connection until
/// it ends or the host stops.
/// </summary>
internal sealed partial class DataPlaneListener(
    IDataPlaneAcceptor acceptor, DataPlaneAddress address, IOptions<DataPlaneOptions> options, IConnectionSecurity security, Pulse pulse,
    TimeProvider time, ILogger<DataPlaneConnection> logger) : IHostedService, IDisposable
{
    private const int Backlog = 512;

    /// <summary>Before another connection is accepted when one could not be, as without a free file handle.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly DataPlaneOptions _options = options.Value;
    private readonly FrameCodec _codec = new(options.Value, new AlignedBufferPool(options.Value.PooledBytes));
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _socket;
    /// <summary>Connections, and the listener itself.</summary>
    private int _open;

    /// <exception cref="InvalidOperationException">
    /// The address is taken or none of this machine; or it is not loopback, and connections are not encrypted; or it is every address, and
    /// none is advertised.
    /// </exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _socket = Listen(RequireEndpoint());
        address.Set((IPEndPoint)_socket.LocalEndPoint!);
        _open = 1;
        _ = Task.Run(() => AcceptAsync(_socket), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Ends all connections in order.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (_socket is not null)
            await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _socket?.Dispose();
        _stopping.Dispose();
    }

    private IPEndPoint RequireEndpoint()
    {
        var endpoint = IPEndPoint.Parse(_options.Listen);
        if (!security.IsEncrypted && !Endpoint.IsLoopback(endpoint.Address))
        {
            throw new InvalidOperationException(
                $"The data plane may not listen on {endpoint}: without encryption only loopback is allowed, "
                + $"such as 127.0.0.1:{endpoint.Port}.");
        }

        if (_options.Advertise is null && (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any)))
        {
            throw new InvalidOperationException(
                $"{DataPlaneOptions.Section}:{nameof(DataPlaneOptions.Advertise)} is missing: {endpoint} is every address of this machine, "
                + "so name the one that the others reach it by, such as pi5.lan:5100.");
        }

        return endpoint;
    }

    private static Socket Listen(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Every address of version 6 means those of version 4, too.
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endpoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new InvalidOperationException($"The data plane cannot listen on {endpoint}: {exception.Message}.", exception);
        }
    }

    private async Task AcceptAsync(Socket listening)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await listening.AcceptAsync(_stopping.Token);
                // Refusing one takes buffers until its Hello comes; so in a flood only as many are told why as may be open.
                if (Interlocked.Increment(ref _open) - 1 > 2 * _options.MaximumConnections)
                    Drop(socket);
                else
                    _ = Task.Run(() => ServeAsync(socket));
            }
            catch (SocketException exception)
            {
                LogNotAccepted(exception.Message);
                await Task.Delay(Pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                break;
            }
        }

        listening.Dispose();
        CountDown();
    }

    private void Drop(Socket socket)
    {
        socket.Dispose();
        CountDown();
    }

    [SuppressMessage("Design", "CA1031", Justification = "One connection's failure is not the listener's.")]
    private async Task ServeAsync(Socket socket)
    {
        var isFull = Volatile.Read(ref _open) - 1 > _options.MaximumConnections;
        var remote = "a remote that is gone";
        try
        {
            socket.NoDelay = true;
            remote = socket.RemoteEndPoint!.ToString()!;
            if (await OpenAsync(socket, remote, isFull) is { } opened)
                await KeepAsync(opened);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            LogFailed(exception, remote);
        }

        CountDown();
    }

    /// <summary>Until the connection is gone, or the host stops.</summary>
    private async Task KeepAsync(DataPlaneConnection opened)
    {
        await opened.Completion.WaitAsync(_stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // A connection that ended by itself is left alone: its handler may still be at work on what came before the end.
        if (!opened.Completion.IsCompleted)
            await opened.DisposeAsync();
    }

    private void CountDown()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _ended.SetResult();
    }

    /// <returns>The started connection; null when it was refused.</returns>
    private async Task<DataPlaneConnection?> OpenAsync(Socket socket, string remote, bool isFull)
    {
        using var timeout = new CancellationTokenSource(_options.HelloTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        var link = default(TransportLink);
        try
        {
            link = await TransportLink.OpenAsync(socket, _options, time, stream => security.SecureServerAsync(stream, linked.Token));
            if (await Handshake.ReceiveAsync(link.Input, _codec, linked.Token) is not HelloFrame hello)
                throw new DataPlaneRefusedException("A connection begins with a Hello.");
            if (isFull)
                throw new DataPlaneRefusedException($"All {_options.MaximumConnections} connections that are allowed here are taken.");
            return Accept(hello, remote, link);
        }
        catch (Exception exception) when (link is not null && (exception is DataPlaneRefusedException or DataPlaneProtocolException))
        {
            LogRefused(remote, exception.Message);
            await RefuseAsync(link, exception.Message, linked.Token);
            return null;
        }
        catch (Exception exception)
        {
            if (link is not null)
                await link.CloseAsync(graceful: false);
            if (exception is not (OperationCanceledException or IOException or AuthenticationException or DataPlaneClosedException))
                throw;
            LogNoHello(remote, timeout.IsCancellationRequested ? $"none within {_options.HelloTimeoutMilliseconds} ms" : exception.Message);
            return null;
        }
    }

    private DataPlaneConnection Accept(HelloFrame hello, string remote, TransportLink link)
    {
        var connection = new DataPlaneConnection(hello, remote, link, _codec.Bind(hello), pulse, logger);
        IFrameHandler handler;
        try
        {
            handler = acceptor.Accept(hello, connection);
        }
        catch (Exception exception)
        {
            connection.Abandon(exception);
            throw;
        }

        // A stage or the head waits for what these carry, and does nothing else meanwhile.
        var isAwaited = hello.Role is ConnectionRole.Ring or ConnectionRole.Tokens;
        connection.Start(handler, Handshake.Encode(_codec, new WelcomeFrame()), hasReader: isAwaited && SocketStream.CanBlock);
        return connection;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whoever is refused may be gone already, in any way.")]
    private async Task RefuseAsync(TransportLink link, string reason, CancellationToken cancellation)
    {
        var told = true;
        try
        {
            await Handshake.SendAsync(link.Output, Handshake.Encode(_codec, new RefuseFrame(Shorten(reason))), cancellation);
        }
        catch (Exception)
        {
            told = false;
        }

        await link.CloseAsync(graceful: told);
    }

    private static string Shorten(string reason)
    {
        var shortened = reason.Length > FrameRules.MaximumReasonBytes / 4 ? reason[..(FrameRules.MaximumReasonBytes / 4)] : reason;
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shortened));
    }

    [LoggerMessage(LogLevel.Warning, "Data-plane connection from {Remote} refused: {Reason}")]
    private partial void LogRefused(string remote, string reason);

    [LoggerMessage(LogLevel.Debug, "Data-plane connection from {Remote} closed without a Hello: {Reason}")]
    private partial void LogNoHello(string remote, string reason);

    [LoggerMessage(LogLevel.Warning, "No data-plane connection could be accepted: {Reason}")]
    private partial void LogNotAccepted(string reason);

    [LoggerMessage(LogLevel.Error, "Data-plane connection from {Remote} failed.")]
    private partial void LogFailed(Exception exception, string remote);
}
