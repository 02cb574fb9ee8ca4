using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Kestrel's side of the data plane: hears a connection's Hello, asks the acceptor, and keeps the connection until it ends.
/// </summary>
public sealed partial class DataPlaneConnectionHandler(
    IDataPlaneAcceptor acceptor, IOptions<DataPlaneOptions> options, IConnectionSecurity security, Pulse pulse,
    TimeProvider time, ILogger<DataPlaneConnection> logger) : ConnectionHandler
{
    private readonly DataPlaneOptions _options = options.Value;
    private readonly FrameCodec _codec = new(options.Value, new AlignedBufferPool(options.Value.PooledBytes));
    private int _connections;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var remote = connection.RemoteEndPoint?.ToString() ?? connection.ConnectionId;
        var count = Interlocked.Increment(ref _connections);
        try
        {
            if (await OpenAsync(connection, remote, isFull: count > _options.MaximumConnections) is { } opened)
                await KeepAsync(opened, connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    /// <summary>Until the connection is gone, or the server wants to stop.</summary>
    private static async Task KeepAsync(DataPlaneConnection opened, ConnectionContext connection)
    {
        await opened.Completion.WaitAsync(StopRequestOf(connection)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // A connection that ended by itself is left alone: its handler may still be at work on what came before the end.
        if (!opened.Completion.IsCompleted)
            await opened.DisposeAsync();
    }

    private static CancellationToken StopRequestOf(ConnectionContext connection) =>
        connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;

    /// <returns>The started connection; null when it was refused.</returns>
    private async Task<DataPlaneConnection?> OpenAsync(ConnectionContext connection, string remote, bool isFull)
    {
        using var timeout = new CancellationTokenSource(_options.HelloTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, StopRequestOf(connection));
        var link = default(TransportLink);
        try
        {
            link = await OpenLinkAsync(connection, linked.Token);
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
        catch (Exception exception) when (
            exception is OperationCanceledException or IOException or AuthenticationException or DataPlaneClosedException)
        {
            LogNoHello(remote, timeout.IsCancellationRequested ? $"none within {_options.HelloTimeoutMilliseconds} ms" : exception.Message);
            if (link is not null)
                await link.CloseAsync(graceful: false);
            return null;
        }
        catch
        {
            if (link is not null)
                await link.CloseAsync(graceful: false);
            throw;
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

        connection.Start(handler, Handshake.Encode(_codec, new WelcomeFrame()));
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

    private async ValueTask<TransportLink> OpenLinkAsync(ConnectionContext connection, CancellationToken cancellation)
    {
        var release = (bool graceful) => ReleaseAsync(connection, graceful);
        if (security is PlainConnectionSecurity && _options.LinkDelayMilliseconds == 0)
            return new TransportLink(connection.Transport.Input, connection.Transport.Output, release);
        Stream stream = DelayedStream.WrapIfAsked(new DuplexPipeStream(connection.Transport), _options, time);
        try
        {
            return TransportLink.Over(await security.SecureServerAsync(stream, cancellation), release);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves what was written a bounded time to go out: Kestrel itself would wait for a remote that does not read.</summary>
    private async ValueTask ReleaseAsync(ConnectionContext connection, bool graceful)
    {
        if (graceful)
        {
            var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = connection.ConnectionClosed.Register(closed.SetResult);
            await closed.Task.WaitAsync(_options.CloseTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        connection.Abort();
    }

    [LoggerMessage(LogLevel.Warning, "Data-plane connection from {Remote} refused: {Reason}")]
    private partial void LogRefused(string remote, string reason);

    [LoggerMessage(LogLevel.Debug, "Data-plane connection from {Remote} closed without a Hello: {Reason}")]
    private partial void LogNoHello(string remote, string reason);
}
