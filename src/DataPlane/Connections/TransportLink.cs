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
            await stream.DisposeAsync();
            await release(graceful);
        });

    /// <summary>To be called once, when nobody reads or writes any more.</summary>
    /// <param name="graceful">Whether what was written is still to reach the other side.</param>
    public async ValueTask CloseAsync(bool graceful)
    {
        await CompleteQuietlyAsync(input.CompleteAsync());
        await CompleteQuietlyAsync(output.CompleteAsync(graceful ? null : new IOException("The connection is being aborted.")));
        await release(graceful);
    }

    /// <summary>A transport that is already broken says so again when it is completed, which is no news.</summary>
    private static async ValueTask CompleteQuietlyAsync(ValueTask completing)
    {
        try
        {
            await completing;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }
}
