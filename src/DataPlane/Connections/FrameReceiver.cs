using System.Buffers;
using System.IO.Pipelines;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// The receiving half: one loop reads frames into a bounded queue and passes pings on at once; another gives the frames to the handler,
/// one after another. When the queue is full the first loop stops reading, and the sender's queue fills in turn.
/// </summary>
internal sealed class FrameReceiver(PipeReader input, FrameCodec codec, DataPlaneOptions options)
{
    private readonly BoundedQueue<Received> _queue = new(options.ReceiveQueueBytes);

    /// <summary>Reads until the remote ends the connection or <see cref="Abort"/> is called.</summary>
    public async Task ReadAsync(Action<PingFrame> onPing, Heartbeat heartbeat)
    {
        while (true)
        {
            var result = await input.ReadAsync();
            if (result.IsCanceled)
                return;
            heartbeat.Hear();
            var rest = result.Buffer;
            while (codec.TryDecode(ref rest, out var frame, out var frameBytes))
            {
                if (frame is PingFrame ping)
                    onPing(ping);
                else
                    await DeliverAsync(frame, frameBytes, heartbeat);
            }

            if (result.IsCompleted)
                throw EndOf(rest);
            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>Gives frames to the handler until there are no more.</summary>
    public async Task HandleAsync(IFrameHandler handler, DataPlaneConnection connection, CancellationToken cancellation)
    {
        while (await _queue.WaitAsync())
        {
            while (_queue.TryDequeue(out var received))
                await HandleAsync(received, handler, connection, cancellation);
        }
    }

    /// <summary>Nothing more will come; what has come is still handled.</summary>
    public void Complete(Func<Exception> failure) => _queue.Complete(failure);

    public void Abort(Func<Exception> failure)
    {
        _queue.Abort(failure);
        input.CancelPendingRead();
    }

    private static async ValueTask HandleAsync(
        Received received, IFrameHandler handler, DataPlaneConnection connection, CancellationToken cancellation)
    {
        try
        {
            await handler.OnFrameAsync(received.Frame, connection, cancellation);
        }
        catch
        {
            received.Dispose();
            throw;
        }
    }

    private static DataPlaneClosedException EndOf(in ReadOnlySequence<byte> rest) => rest.IsEmpty
        ? new DataPlaneClosedException("the remote closed it", isOrderly: true)
        : new DataPlaneClosedException($"the remote closed it in the middle of a frame, {rest.Length} bytes into it");

    private async ValueTask DeliverAsync(Frame frame, int frameBytes, Heartbeat heartbeat)
    {
        var received = new Received(frame);
        try
        {
            var heldBytes = frame is BatchFrame batch ? Math.Max(frameBytes, sizeof(float) * (long)batch.Hidden.Length) : frameBytes;
            var delivering = _queue.EnqueueAsync(received, heldBytes, CancellationToken.None);
            if (delivering.IsCompletedSuccessfully)
                return;
            heartbeat.StopListening();
            await delivering;
            heartbeat.Listen();
        }
        catch
        {
            received.Dispose();
            throw;
        }
    }

    private sealed class Received(Frame frame) : IDisposable
    {
        public Frame Frame => frame;

        public void Dispose() => (frame as IDisposable)?.Dispose();
    }
}
