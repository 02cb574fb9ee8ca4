using System.Collections.Concurrent;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Keeps what it is given. What it does with a frame beside that is the test's choice.</summary>
internal sealed class RecordingHandler(Func<Frame, DataPlaneConnection, CancellationToken, ValueTask>? onFrame = null) : IFrameHandler
{
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _closedCalls;

    public ConcurrentQueue<Frame> Frames { get; } = new();

    public Task<Exception?> Closed => _closed.Task;

    public int ClosedCalls => Volatile.Read(ref _closedCalls);

    public async ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        Frames.Enqueue(frame);
        if (onFrame is not null)
            await onFrame(frame, connection, cancellation);
    }

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        Interlocked.Increment(ref _closedCalls);
        _closed.TrySetResult(reason);
        return ValueTask.CompletedTask;
    }
}
