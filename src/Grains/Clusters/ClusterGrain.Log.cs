namespace OrleansInference.Grains.Clusters;

internal sealed partial class ClusterGrain
{
    [LoggerMessage(
        LogLevel.Information, "{Model} is deployed: {Replicas} replicas, {SlotCount} slots, context {ContextLength} (0: the model's)")]
    private static partial void LogDeployed(ILogger logger, string model, int replicas, int slotCount, int contextLength);

    [LoggerMessage(LogLevel.Information, "{Model} is removed")]
    private static partial void LogRemoved(ILogger logger, string model);

    [LoggerMessage(LogLevel.Information, "Device {Device} does not answer yet: {Reason}")]
    private static partial void LogDeviceSilent(ILogger logger, string device, string reason);

    [LoggerMessage(LogLevel.Warning, "Pipeline {Pipeline} does not answer: {Reason}")]
    private static partial void LogPipelineSilent(ILogger logger, string pipeline, string reason);
}
