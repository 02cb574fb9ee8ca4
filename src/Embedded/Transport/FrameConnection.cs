using System.IO.Pipelines;
using System.Net.Sockets;

namespace OrleansInference.Embedded.Transport;

/// <summary>A socket as frames. Only the silo that opened it sends; the other one's only news is its end.</summary>
internal sealed class FrameConnection(NetworkStream stream) : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly PipeReader _input = PipeReader.Create(
        stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, useZeroByteReads: true));

    private readonly PipeWriter _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes));
    private readonly SemaphoreSlim _writing = new(1);
    private bool _takesRequests = true;

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
            FrameCodec.Write(_output, kind, body.Span);
            await _output.FlushAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection has ended.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Has every frame taken that arrives, until the connection ends.</summary>
    /// <exception cref="InvalidDataException">What arrives are no frames.</exception>
    public async Task ReceiveAsync(int maximumBytes, Action<FrameKind, ReadOnlyMemory<byte>> take)
    {
        var isOpen = true;
        while (isOpen)
        {
            var result = await _input.ReadAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            while (FrameCodec.TryRead(ref buffer, maximumBytes, out var kind, out var body))
                take(kind, body);
            _input.AdvanceTo(buffer.Start, buffer.End);
            isOpen = !result.IsCompleted;
        }
    }

    /// <summary>Sends what waits, for a bounded time, and ends the connection.</summary>
    public async Task FinishAsync(TimeSpan timeout)
    {
        if (await _writing.WaitAsync(timeout).ConfigureAwait(false))
            _writing.Release();
        Dispose();
    }

    public void Dispose() => stream.Dispose();
}
