using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>The bytes of one connection in both directions, and how to let go of them.</summary>
/// <param name="stream">The socket's, or what wraps it; null in memory, as the socket.</param>
internal sealed class TransportLink(PipeReader input, PipeWriter output, Stream? stream = null, SocketStream? socket = null)
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Takes over a connected socket.</summary>
    /// <param name="secure">Agrees with the other side on how its bytes are wrapped.</param>
    public static async ValueTask<TransportLink> OpenAsync(
        Socket socket, DataPlaneOptions options, TimeProvider time, Func<Stream, ValueTask<Stream>> secure)
    {
        var bytes = new SocketStream(socket, options.CloseTimeout, time);
        var delayed = DelayedStream.WrapIfAsked(bytes, options, time);
        try
        {
            var stream = await secure(delayed);
            return new(
                PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true)),
                PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true)), stream, bytes);
        }
        catch
        {
            bytes.Abort();
            await delayed.DisposeAsync();
            throw;
        }
    }

    public PipeReader Input => input;

    public PipeWriter Output => output;

    /// <summary>Whether whoever reads is to be blocked meanwhile.</summary>
    public void BlockReader() => socket?.Blocks = true;

    /// <summary>To be called once, when nobody reads or writes any more.</summary>
    /// <param name="graceful">Whether what was written is still to reach the other side.</param>
    public async ValueTask CloseAsync(bool graceful)
    {
        if (!graceful)
            socket?.Abort();
        await QuietlyAsync(input.CompleteAsync());
        await QuietlyAsync(output.CompleteAsync(graceful ? null : new IOException("The connection is being aborted.")));
        if (stream is not null)
            await QuietlyAsync(stream.DisposeAsync());
    }

    /// <summary>A transport that is already broken says so again when it is let go, in one of many ways; it is no news.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The connection has ended, with a reason of its own.")]
    private static async ValueTask QuietlyAsync(ValueTask step)
    {
        try
        {
            await step;
        }
        catch (Exception)
        {
        }
    }
}
