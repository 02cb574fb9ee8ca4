using System.Buffers;
using System.IO.Pipelines;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>The sending half: a bounded queue of encoded frames, and the one loop that writes them.</summary>
internal sealed class FrameSender(PipeWriter output, FrameCodec codec, DataPlaneOptions options)
{
    /// <summary>Bytes that go out together: enough to share a system call, few enough that a queue's room frees steadily.</summary>
    private const int FlushBytes = 64 << 10;

    private readonly BoundedQueue<EncodedFrame> _queue = new(options.SendQueueBytes);
    private PingFrame? _ping;
    private PingFrame? _reply;

    public ValueTask SendAsync(Frame frame, CancellationToken cancellation)
    {
        var encoded = new EncodedFrame();
        try
        {
            var bytes = codec.Encode(frame, encoded);
            var sending = _queue.EnqueueAsync(encoded, bytes, cancellation);
            return sending.IsCompletedSuccessfully ? sending : FinishAsync(sending, encoded);
        }
        catch
        {
            encoded.Dispose();
            throw;
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
        output.CancelPendingFlush();
    }

    /// <returns>Whether everything went out that was taken before <see cref="Complete"/>.</returns>
    public async Task<bool> RunAsync(EncodedFrame? opening, Heartbeat heartbeat)
    {
        if (opening is not null && !await WriteAsync(opening, heartbeat))
            return false;
        do
        {
            if (!await WriteQueuedAsync(heartbeat) || !await FlushAsync(heartbeat))
                return false;
        }
        while (await _queue.WaitAsync());
        return true;
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

    private async ValueTask<bool> WriteQueuedAsync(Heartbeat heartbeat)
    {
        WritePings();
        while (_queue.TryDequeue(out var encoded))
        {
            if (!await WriteAsync(encoded, heartbeat))
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
    private async ValueTask<bool> WriteAsync(EncodedFrame encoded, Heartbeat heartbeat)
    {
        using (encoded)
        {
            for (var rest = encoded.Memory; rest.Length > 0;)
            {
                var piece = rest[..Math.Min(rest.Length, FlushBytes)];
                rest = rest[piece.Length..];
                if (piece.Length < FlushBytes && output.UnflushedBytes + piece.Length < FlushBytes)
                    output.Write(piece.Span);
                else if (!MayGoOn(await output.WriteAsync(piece), heartbeat))
                    return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> FlushAsync(Heartbeat heartbeat) =>
        output.UnflushedBytes == 0 || MayGoOn(await output.FlushAsync(), heartbeat);

    private static bool MayGoOn(FlushResult result, Heartbeat heartbeat)
    {
        heartbeat.Send();
        return !result.IsCanceled && !result.IsCompleted;
    }
}
