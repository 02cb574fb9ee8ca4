using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// The receiving half. One loop reads frames, passes pings on at once, and gives the others to the handler itself while the handler keeps
/// up. As soon as a frame keeps the handler waiting, another loop waits for it, and frames go through a bounded queue until it has caught
/// up. When the queue is full the first loop stops reading, and the sender's queue fills in turn.
/// </summary>
internal sealed class FrameReceiver(PipeReader input, FrameCodec codec, DataPlaneOptions options)
{
    private readonly BoundedQueue<Received> _queue = new(options.ReceiveQueueBytes);
    /// <summary>The frame that keeps the handler waiting, until the second loop has taken over.</summary>
    private Task? _begun;
    private bool _isBlocking;
    private volatile bool _isWaiting;

    /// <summary>Not while the queue is full.</summary>
    public bool IsListening => !_isWaiting;

    /// <summary>As <see cref="ReadAsync"/>, from an input that blocks, on the calling thread alone.</summary>
    public void Read(Func<Frame, ValueTask> handle, Action<PingFrame> onPing, Heartbeat heartbeat)
    {
        _isBlocking = true;
        ReadAsync(handle, onPing, heartbeat).GetAwaiter().GetResult();
    }

    /// <summary>Reads until the remote ends the connection or <see cref="Abort"/> is called.</summary>
    /// <param name="handle">The handler, bound to its connection.</param>
    public async Task ReadAsync(Func<Frame, ValueTask> handle, Action<PingFrame> onPing, Heartbeat heartbeat)
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
                else if (!TryHandle(frame, handle))
                    await DeliverAsync(frame, frameBytes, heartbeat);
            }

            if (result.IsCompleted)
                throw EndOf(rest);
            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>Gives the handler what the first loop does not, until there is no more.</summary>
    public async Task HandleAsync(Func<Frame, ValueTask> handle)
    {
        while (await _queue.WaitAsync())
        {
            if (_begun is { } begun)
            {
                _begun = null;
                await begun;
            }

            while (_queue.TryDequeue(out var received))
                await (Begin(received.Frame, handle) ?? Task.CompletedTask);
        }
    }

    /// <summary>Nothing more will come; what has come is still handled.</summary>
    public void Complete(Func<Exception> failure) => _queue.Complete(failure);

    public void Abort(Func<Exception> failure)
    {
        _queue.Abort(failure);
        input.CancelPendingRead();
    }

    /// <returns>False while the handler has not caught up.</returns>
    private bool TryHandle(Frame frame, Func<Frame, ValueTask> handle)
    {
        if (!_queue.TryStandIn())
            return false;
        _begun = Begin(frame, handle);
        _queue.StandDown(pulse: _begun is not null);
        return true;
    }

    /// <returns>Null when the handler is done with the frame; else what ends with the handler, well or not.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The handler's failure is the connection's reason, which its owner is told.")]
    private static Task? Begin(Frame frame, Func<Frame, ValueTask> handle)
    {
        try
        {
            var handling = handle(frame);
            if (!handling.IsCompletedSuccessfully)
                return EndAsync(frame, handling);
            handling.GetAwaiter().GetResult();
            return null;
        }
        catch (Exception exception)
        {
            return EndAsync(frame, ValueTask.FromException(exception));
        }
    }

    private static async Task EndAsync(Frame frame, ValueTask handling)
    {
        try
        {
            await handling;
        }
        catch
        {
            (frame as IDisposable)?.Dispose();
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
            _isWaiting = true;
            if (_isBlocking)
                delivering.AsTask().GetAwaiter().GetResult();
            else
                await delivering;
            _isWaiting = false;
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
