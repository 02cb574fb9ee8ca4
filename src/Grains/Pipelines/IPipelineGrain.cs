using Orleans;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// One replica of one model: plans, places its shards, links the ring, proves it with a token, watches it, and plans again when a
/// device is lost. Key: model/replica.
/// </summary>
[Alias("oinf.pipeline")]
public interface IPipelineGrain : IGrainWithStringKey
{
    /// <summary>Starts the pipeline, or keeps it going: called every second by the cluster grain, so a lost pipeline grain comes back.</summary>
    [ResponseTimeout("00:00:05")]
    Task<PipelineStatus> EnsureAsync(PipelineSpecification specification);

    [ResponseTimeout("00:00:02")]
    Task<PipelineStatus> GetStatusAsync();

    [ResponseTimeout("00:00:10")]
    Task RetireAsync();
}
