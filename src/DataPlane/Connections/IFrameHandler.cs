using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

/// <summary>What one side does with the frames it receives.</summary>
public interface IFrameHandler
{
    /// <summary>
    /// Called for one frame after another, in the order they were sent. While it runs, further frames wait in a bounded queue and then in
    /// the sender. Owns the frame, and disposes one that is disposable exactly once, for its memory is used again; if this throws, the
    /// frame was not taken. Throwing closes the connection with that reason. What it does before its first wait delays the reading of
    /// the connection, so it never blocks.
    /// </summary>
    /// <param name="cancellation">Cancelled when the connection is closed for any other reason than the remote's orderly end.</param>
    ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation);

    /// <summary>Called once, after the last <see cref="OnFrameAsync"/> has returned.</summary>
    /// <param name="reason">Why the connection ended; null when this side closed it.</param>
    ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason);
}
