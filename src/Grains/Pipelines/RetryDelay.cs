namespace OrleansInference.Grains.Pipelines;

/// <summary>Waits that double with every failure in a row, up to a limit.</summary>
internal static class RetryDelay
{
    private const int MaximumDoublings = 20;

    public static TimeSpan After(int failures, PipelineOptions options)
    {
        var doublings = Math.Clamp(failures - 1, 0, MaximumDoublings);
        return TimeSpan.FromMilliseconds(Math.Min((long)options.RetryMilliseconds << doublings, options.RetryLimitMilliseconds));
    }
}
