using System.IO.Pipelines;
using System.Net.Sockets;

namespace OrleansInference.Embedded.Transport;

/// <summary>A socket as frames. Only the silo that opened it sends; the other one's only news is its end.</summary>
internal sealed class FrameConnection : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Bytes that may wait to be sent; senders wait beyond it.</summary>
    private const int QueueBytes = 4 * 1024 * 1024;

    private readonly NetworkStream _stream;
    private readonly PipeReader _input;
    private readonly Pipe _output = new(new PipeOptions(
        pauseWriterThreshold: QueueBytes, resumeWriterThreshold: QueueBytes / 2, minimumSegmentSize: BufferBytes));

    private readonly SemaphoreSlim _writing = new(1);
    private readonly Task _sending;
    private bool _takesRequests = true;
    private volatile bool _isEnded;

    public FrameConnection(NetworkStream stream)
    {
        _stream = stream;
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, useZeroByteReads: true));
        _sending = SendAllAsync();
    }

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
            var isSent = !_isEnded;
            if (isSent)
            {
                FrameCodec.Write(_output.Writer, kind, body.Span);
                isSent = !(await _output.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted;
            }

            // Looked at once more: either the sender learns of the end, or whoever is told of the end knows what was sent.
            if (!isSent || _isEnded)
                throw new IOException("The connection has ended.");
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
        {
            _isEnded = true;
            await _output.Writer.CompleteAsync().ConfigureAwait(false);
            _writing.Release();
            await Task.WhenAny(_sending, Task.Delay(timeout)).ConfigureAwait(false);
        }
        Dispose();
    }

    public void Dispose()
    {
        _isEnded = true;
        _stream.Dispose();
        _output.Reader.CancelPendingRead();
    }

    /// <summary>Frames that come while one is written go out together.</summary>
    private async Task SendAllAsync()
    {
        try
        {
            await _output.Reader.CopyToAsync(_stream).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of the connection is noticed where it is read.
        }
        await _output.Reader.CompleteAsync().ConfigureAwait(false);
    }
}
