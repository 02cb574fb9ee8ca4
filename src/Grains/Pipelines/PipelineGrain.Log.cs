namespace OrleansInference.Grains.Pipelines;

internal sealed partial class PipelineGrain
{
    [LoggerMessage(LogLevel.Information, "Pipeline {Pipeline} epoch {Epoch} is planned: {Stages}")]
    private static partial void LogPlanned(ILogger logger, string pipeline, long epoch, string stages);

    [LoggerMessage(LogLevel.Information, "Pipeline {Pipeline} epoch {Epoch} is ready over {StageCount} stages")]
    private static partial void LogReady(ILogger logger, string pipeline, long epoch, int stageCount);

    [LoggerMessage(LogLevel.Warning, "Pipeline {Pipeline} gives up epoch {Epoch} while {State}: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, string pipeline, long epoch, PipelineState state, string? reason);

    [LoggerMessage(LogLevel.Warning, "Pipeline {Pipeline} cannot be planned: {Reason}")]
    private static partial void LogCannotPlan(ILogger logger, string pipeline, string reason);

    [LoggerMessage(LogLevel.Information, "Pipeline {Pipeline} could not look for a better plan: {Reason}")]
    private static partial void LogNoImprovement(ILogger logger, string pipeline, string reason);
}
