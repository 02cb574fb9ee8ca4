using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Pipelines;

/// <summary>How a pipeline grain drives and watches its shards.</summary>
public sealed class PipelineOptions
{
    public const string Section = "Pipelines";

    /// <summary>
    /// Time between two looks at the shards; while they serve, at the head, and at all of them every second. Default 250 ms.
    /// </summary>
    [Range(20, 5_000)]
    public int TickMilliseconds { get; set; } = 250;

    /// <summary>Looks in a row that a living silo may leave unanswered before its shard counts as lost. Default 2.</summary>
    [Range(1, 100)]
    public int UnansweredLimit { get; set; } = 2;

    /// <summary>Loading that makes no progress for so long has failed. Default 60 s.</summary>
    [Range(1, 3_600)]
    public int LoadStallSeconds { get; set; } = 60;

    /// <summary>Wait after the first failure; it doubles with every further one. Default 250 ms.</summary>
    [Range(10, 60_000)]
    public int RetryMilliseconds { get; set; } = 250;

    /// <summary>The longest wait between two tries. Default 15 s.</summary>
    [Range(10, 600_000)]
    public int RetryLimitMilliseconds { get; set; } = 15_000;

    /// <summary>
    /// So long a device that failed is left out of plans, as long as there is a plan without it; it doubles with every further failure.
    /// Default 30 s.
    /// </summary>
    [Range(1, 3_600)]
    public int SuspicionSeconds { get; set; } = 30;

    /// <summary>The longest that a device is left out for failing. Default 1 hour.</summary>
    [Range(1, 86_400)]
    public int SuspicionLimitSeconds { get; set; } = 3_600;

    /// <summary>A pipeline that was ready for so long starts again with short waits. Default 10 s.</summary>
    [Range(1, 3_600)]
    public int StableSeconds { get; set; } = 10;

    /// <summary>Time between two looks for a better plan while ready. Default 10 s.</summary>
    [Range(1, 3_600)]
    public int ImprovementSeconds { get; set; } = 10;
}
