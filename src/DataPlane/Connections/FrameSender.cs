using System.Buffers;
using System.IO.Pipelines;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// The sending half: a bounded queue of encoded frames, and the one loop that writes them. While the loop has nothing to do, whoever sends
/// a small frame stands in for it and writes the frame itself, straight into the connection's buffer and out.
/// </summary>
internal sealed class FrameSender(PipeWriter output, FrameCodec codec, DataPlaneOptions options)
{
    /// <summary>Bytes that go out together: enough to share a system call, few enough that a queue's room frees steadily.</summary>
    private const int FlushBytes = 64 << 10;

    private readonly BoundedQueue<EncodedFrame> _queue = new(options.SendQueueBytes);
    private Heartbeat? _heartbeat;
    private PingFrame? _ping;
    private PingFrame? _reply;
    /// <summary>What a stand-in began and the loop is to wait for.</summary>
    private Task<FlushResult>? _begunFlush;

    /// <param name="isMoreComing">Whether the caller sends more at once, and <see cref="Flush"/>es then.</param>
    public ValueTask SendAsync(Frame frame, bool isMoreComing, CancellationToken cancellation)
    {
        var length = codec.Measure(frame);
        if (length > FlushBytes || cancellation.IsCancellationRequested || !_queue.TryStandIn())
            return QueueAsync(frame, length, cancellation);
        try
        {
            codec.Write(frame, length, output);
            if (!isMoreComing || output.UnflushedBytes >= FlushBytes)
                BeginFlush();
        }
        finally
        {
            _queue.StandDown(pulse: _begunFlush is not null);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Sends on its way what was sent with more to come.</summary>
    public void Flush()
    {
        // A loop that is at work flushes when it has done it.
        if (!_queue.TryStandIn())
            return;
        try
        {
            if (output.UnflushedBytes > 0)
                BeginFlush();
        }
        finally
        {
            _queue.StandDown(pulse: _begunFlush is not null);
        }
    }

    /// <summary>
    /// Sends a ping as soon as the frame that is being written is out, ahead of the queue. Only the latest is kept, so that it takes no
    /// room.
    /// </summary>
    public void SendPing(PingFrame ping)
    {
        if (ping.IsReply)
            Volatile.Write(ref _reply, ping);
        else
            Volatile.Write(ref _ping, ping);
        _queue.Pulse();
    }

    /// <summary>Takes no more frames; <see cref="RunAsync"/> ends when those there are have been written.</summary>
    public void Complete(Func<Exception> failure) => _queue.Complete(failure);

    /// <summary>Takes no more frames and drops those there are.</summary>
    public void Abort(Func<Exception> failure)
    {
        _queue.Abort(failure);
        // Before it runs nothing is being flushed, and to cancel would be to drop what is sent next, as the reason of a refusal.
        if (_heartbeat is not null)
            output.CancelPendingFlush();
    }

    /// <returns>Whether everything went out that was taken before <see cref="Complete"/>.</returns>
    public async Task<bool> RunAsync(EncodedFrame? opening, Heartbeat heartbeat)
    {
        _heartbeat = heartbeat;
        if (opening is not null && !await WriteAsync(opening))
            return false;
        do
        {
            if (!await EndFlushAsync() || !await WriteQueuedAsync() || !await FlushAsync())
                return false;
        }
        while (await _queue.WaitAsync());
        return await FlushAsync();
    }

    private ValueTask QueueAsync(Frame frame, int length, CancellationToken cancellation)
    {
        var encoded = new EncodedFrame();
        try
        {
            codec.Write(frame, length, encoded);
            var sending = _queue.EnqueueAsync(encoded, encoded.Memory.Length, cancellation);
            return sending.IsCompletedSuccessfully ? sending : FinishAsync(sending, encoded);
        }
        catch
        {
            encoded.Dispose();
            throw;
        }
    }

    private static async ValueTask FinishAsync(ValueTask sending, EncodedFrame encoded)
    {
        try
        {
            await sending;
        }
        catch
        {
            encoded.Dispose();
            throw;
        }
    }

    /// <summary>Leaves to the loop what does not end well at once: it is the loop's to wait, and to end the connection.</summary>
    private void BeginFlush()
    {
        var flush = output.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
            _begunFlush = flush.AsTask();
        else if (flush.Result is var result && !MayGoOn(result))
            _begunFlush = Task.FromResult(result);
    }

    private async ValueTask<bool> EndFlushAsync()
    {
        if (_begunFlush is not { } flush)
            return true;
        _begunFlush = null;
        return MayGoOn(await flush);
    }

    private async ValueTask<bool> WriteQueuedAsync()
    {
        WritePings();
        while (_queue.TryDequeue(out var encoded))
        {
            if (!await WriteAsync(encoded))
                return false;
            WritePings();
        }

        return true;
    }

    private void WritePings()
    {
        if (Interlocked.Exchange(ref _reply, null) is { } reply)
            codec.Encode(reply, output);
        if (Interlocked.Exchange(ref _ping, null) is { } ping)
            codec.Encode(ping, output);
    }

    /// <summary>Small frames gather in the pipe; what is larger goes piece by piece, so that no more than a piece is held twice.</summary>
    private async ValueTask<bool> WriteAsync(EncodedFrame encoded)
    {
        using (encoded)
        {
            for (var rest = encoded.Memory; rest.Length > 0;)
            {
                var piece = rest[..Math.Min(rest.Length, FlushBytes)];
                rest = rest[piece.Length..];
                if (piece.Length < FlushBytes && output.UnflushedBytes + piece.Length < FlushBytes)
                    output.Write(piece.Span);
                else if (!MayGoOn(await output.WriteAsync(piece)))
                    return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> FlushAsync() => output.UnflushedBytes == 0 || MayGoOn(await output.FlushAsync());

    private bool MayGoOn(FlushResult result)
    {
        _heartbeat!.Send();
        return !result.IsCanceled && !result.IsCompleted;
    }
}
