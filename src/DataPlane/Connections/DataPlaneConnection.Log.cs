using Microsoft.Extensions.Logging;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

public sealed partial class DataPlaneConnection
{
    [LoggerMessage(LogLevel.Debug, "Data-plane connection with {Remote} open: {Role} of {Pipeline}, epoch {Epoch}")]
    private partial void LogOpened(string remote, ConnectionRole role, string pipeline, long epoch);

    [LoggerMessage(LogLevel.Information, "Data-plane connection with {Remote} closed ({Role} of {Pipeline}, epoch {Epoch}): {Reason}")]
    private partial void LogClosed(string remote, ConnectionRole role, string pipeline, long epoch, string reason);

    [LoggerMessage(LogLevel.Warning, "Data-plane connection with {Remote} left queued frames after {CloseTimeoutMilliseconds} ms")]
    private partial void LogUnsent(string remote, int closeTimeoutMilliseconds);

    [LoggerMessage(LogLevel.Error, "The handler of the data-plane connection with {Remote} failed when told of its end")]
    private partial void LogHandlerFailed(Exception exception, string remote);
}
