namespace OrleansInference.Silo.Generation;

internal sealed partial class GenerationHead
{
    [LoggerMessage(1, LogLevel.Information, "Pipeline {Pipeline} is proven in epoch {Epoch}: a token went round the ring.")]
    private partial void LogProven(string pipeline, long epoch);

    [LoggerMessage(2, LogLevel.Error, "The ring of pipeline {Pipeline} failed in epoch {Epoch}.")]
    private partial void LogRingFailed(Exception exception, string pipeline, long epoch);

    [LoggerMessage(3, LogLevel.Error, "A prompt for pipeline {Pipeline} could not be prepared.")]
    private partial void LogPromptFailed(Exception exception, string pipeline);
}
