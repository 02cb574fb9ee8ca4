using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.Silo.Stages;

/// <summary>One connection of the ring, whose end is the end of the ring.</summary>
/// <param name="onFrame">Null on the side that only sends.</param>
/// <param name="onClosed">Told why, in words that follow the peer's name.</param>
internal sealed class StageConnectionHandler(Func<Frame, CancellationToken, ValueTask>? onFrame, Action<string> onClosed) : IFrameHandler
{
    public ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation) => onFrame is null
        ? throw new DataPlaneProtocolException($"A {frame.Type} frame came against the ring's direction.")
        : onFrame(frame, cancellation);

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        onClosed($"({connection.Remote}) {reason?.Message ?? "closed the connection"}");
        return ValueTask.CompletedTask;
    }
}
