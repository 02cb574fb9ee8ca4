using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace OrleansInference.DataPlane.Connections;

/// <summary>The bytes of one connection in both directions, and how to let go of them.</summary>
internal sealed class TransportLink(PipeReader input, PipeWriter output, Func<bool, ValueTask> release)
{
    private const int BufferBytes = 64 << 10;

    public PipeReader Input => input;

    public PipeWriter Output => output;

    public static TransportLink Over(Stream stream, Func<bool, ValueTask> release) => new(
        PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true)),
        PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true)),
        async graceful =>
        {
            await QuietlyAsync(stream.DisposeAsync());
            await release(graceful);
        });

    /// <summary>To be called once, when nobody reads or writes any more.</summary>
    /// <param name="graceful">Whether what was written is still to reach the other side.</param>
    public async ValueTask CloseAsync(bool graceful)
    {
        await QuietlyAsync(input.CompleteAsync());
        await QuietlyAsync(output.CompleteAsync(graceful ? null : new IOException("The connection is being aborted.")));
        await QuietlyAsync(release(graceful));
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
