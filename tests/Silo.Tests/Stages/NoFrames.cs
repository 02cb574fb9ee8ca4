using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>For a connection that is to be refused.</summary>
internal sealed class NoFrames : IFrameHandler
{
    public ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason) => ValueTask.CompletedTask;
}
