using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

/// <summary>Opens connections to other processes' data planes.</summary>
public sealed class DataPlaneConnector
{
    /// <param name="endpoint">host:port; an IPv6 address in brackets.</param>
    /// <exception cref="DataPlaneRefusedException">The other side does not take this Hello.</exception>
    /// <exception cref="DataPlaneUnreachableException">Nobody answers in time, or the endpoint may not be used.</exception>
    public Task<DataPlaneConnection> ConnectAsync(string endpoint, HelloFrame hello, IFrameHandler handler, CancellationToken cancellation) =>
        throw new NotImplementedException();
}
