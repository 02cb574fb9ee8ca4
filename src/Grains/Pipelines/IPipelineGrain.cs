using Orleans;
using Orleans.Concurrency;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// One replica of one model: plans, places its shards, links the ring, proves it with a token, watches it, and plans again when a
/// device is lost. Key: model/replica.
/// </summary>
[Alias("oinf.pipeline")]
public interface IPipelineGrain : IGrainWithStringKey
{
    /// <summary>
    /// Starts the pipeline, or keeps it going: called every second by the cluster grain, so a lost pipeline grain comes back. Returns at
    /// once with what is known. Another specification than before makes a new plan.
    /// </summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<PipelineStatus> EnsureAsync(PipelineSpecification specification);

    /// <summary>What is known; null when the pipeline was never asked for, or is to retire.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<PipelineStatus?> GetStatusAsync();

    /// <summary>Unloads every shard that can be reached, frees the booked memory and ends. Retiring again is no error.</summary>
    [ResponseTimeout("00:00:20")]
    Task RetireAsync();
}
