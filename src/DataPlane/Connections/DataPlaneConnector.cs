using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>Opens connections to other processes' data planes.</summary>
public sealed class DataPlaneConnector(
    IOptions<DataPlaneOptions> options, IConnectionSecurity security, Pulse pulse, TimeProvider time, ILogger<DataPlaneConnection> logger)
{
    private readonly DataPlaneOptions _options = options.Value;
    private readonly FrameCodec _codec = new(options.Value, new AlignedBufferPool(options.Value.PooledBytes));

    /// <param name="endpoint">host:port; an IPv6 address in brackets.</param>
    /// <exception cref="ArgumentException">The Hello breaks the protocol's bounds.</exception>
    /// <exception cref="DataPlaneRefusedException">The other side does not take this Hello.</exception>
    /// <exception cref="DataPlaneUnreachableException">Nobody answers in time, or the endpoint may not be used.</exception>
    public async Task<DataPlaneConnection> ConnectAsync(
        string endpoint, HelloFrame hello, IFrameHandler handler, CancellationToken cancellation)
    {
        if (!Endpoint.TryParse(endpoint, out var target))
            throw new DataPlaneUnreachableException(endpoint, "it is not written as host:port, such as 127.0.0.1:7000");
        using var greeting = Handshake.Encode(_codec, hello);
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var addresses = await ResolveAsync(endpoint, target, linked.Token);
            var socket = await ConnectSocketAsync(addresses, target.Port, linked.Token);
            var link = await TransportLink.OpenAsync(
                socket, _options, time, stream => security.SecureClientAsync(stream, target.Host, linked.Token));
            return await OpenAsync(endpoint, hello, greeting, link, handler, linked.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new DataPlaneUnreachableException(endpoint, $"no answer within {_options.ConnectTimeoutMilliseconds} ms", exception);
        }
        catch (Exception exception) when (
            exception is SocketException or IOException or AuthenticationException
                or DataPlaneProtocolException or DataPlaneClosedException)
        {
            throw new DataPlaneUnreachableException(endpoint, exception.Message, exception);
        }
    }

    /// <summary>How hidden rows are to travel to an endpoint: as configured, or by default exact on this machine and half as long beyond
    /// it.</summary>
    public ElementType ElementTypeTo(string endpoint) => _options.ConfiguredElementType
        ?? (IsOnThisMachine(endpoint) ? ElementType.F32 : ElementType.F16);

    /// <summary>Why batches of so many rows cannot travel on a Ring connection with this Hello, within the bounds here; null when they can.</summary>
    public string? BatchProblemOf(HelloFrame hello, int rowCount)
    {
        var bytes = _codec.Bind(hello).MeasureBatch(rowCount);
        return rowCount <= _options.MaximumBatchRows && bytes <= _options.MaximumRingFrameBytes
            ? null
            : $"a batch of {rowCount} rows of {hello.HiddenSize} elements as {hello.ElementType} takes {bytes} bytes, "
                + $"but {DataPlaneOptions.Section}:{nameof(DataPlaneOptions.MaximumRingFrameBytes)} is {_options.MaximumRingFrameBytes} "
                + $"and {DataPlaneOptions.Section}:{nameof(DataPlaneOptions.MaximumBatchRows)} is {_options.MaximumBatchRows}";
    }

    /// <summary>Whether an endpoint is on loopback, by its name.</summary>
    public static bool IsOnThisMachine(string endpoint) => Endpoint.TryParse(endpoint, out var target) && target.IsOnThisMachine;

    private async ValueTask<IPAddress[]> ResolveAsync(string endpoint, Endpoint target, CancellationToken cancellation)
    {
        var addresses = await target.ResolveAsync(cancellation);
        if (!security.IsEncrypted)
            addresses = [.. addresses.Where(Endpoint.IsLoopback)];
        return addresses.Length > 0
            ? addresses
            : throw new DataPlaneUnreachableException(endpoint, "it is not on loopback, and links to other machines must be encrypted");
    }

    private static async ValueTask<Socket> ConnectSocketAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        for (var i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i], port, cancellation);
                return socket;
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private async Task<DataPlaneConnection> OpenAsync(
        string endpoint, HelloFrame hello, EncodedFrame greeting, TransportLink link, IFrameHandler handler, CancellationToken cancellation)
    {
        try
        {
            await Handshake.SendAsync(link.Output, greeting, cancellation);
            var answer = await Handshake.ReceiveAsync(link.Input, _codec, cancellation);
            if (answer is RefuseFrame refusal)
                throw new DataPlaneRefusedException(endpoint, refusal.Reason);
            if (answer is not WelcomeFrame)
                throw new DataPlaneProtocolException(answer.Type, "it is no answer to a Hello");
        }
        catch
        {
            await link.CloseAsync(graceful: false);
            throw;
        }

        var connection = new DataPlaneConnection(hello, endpoint, link, _codec.Bind(hello), pulse, logger);
        connection.Start(handler, opening: null);
        return connection;
    }
}
