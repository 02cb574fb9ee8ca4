using Orleans;

namespace OrleansInference.Grains.Shards;

/// <summary>One slice of one pipeline. Key: model/replica/stage. Placed by the device placement director.</summary>
[Alias("oinf.shard")]
public interface IModelShardGrain : IGrainWithStringKey
{
    /// <summary>Starts loading and returns at once; <see cref="GetStatusAsync"/> tells how far it is. Loading the same assignment again is no error.</summary>
    /// <exception cref="ShardMisplacedException">The grain is not on the device that the assignment names; it deactivates, the caller places it again.</exception>
    [ResponseTimeout("00:00:05")]
    Task<ShardStatus> LoadAsync(StageAssignment assignment);

    /// <summary>Connects the stage to its neighbour.</summary>
    /// <exception cref="ShardUnavailableException">Not loaded, another epoch, or the neighbour refuses.</exception>
    [ResponseTimeout("00:00:05")]
    Task LinkAsync(StageLink link, CancellationToken cancellation = default);

    /// <summary>Head only: sends one token round the ring and waits for it; only then does the head take requests.</summary>
    /// <exception cref="ShardUnavailableException">The token did not come back; the message says why.</exception>
    [ResponseTimeout("00:00:10")]
    Task ProveAsync(long epoch, CancellationToken cancellation = default);

    [ResponseTimeout("00:00:02")]
    Task<ShardStatus> GetStatusAsync();

    /// <summary>Unloads whatever is of this epoch or older, and deactivates.</summary>
    [ResponseTimeout("00:00:05")]
    Task UnloadAsync(long epoch);
}

/// <summary>The silo's stages, as the shard grain drives them. Same meaning as <see cref="IModelShardGrain"/>; keyed by pipeline and stage.</summary>
public interface IStageHost
{
    string Device { get; }

    ShardStatus Load(StageAssignment assignment);

    Task LinkAsync(StageLink link, CancellationToken cancellation);

    Task ProveAsync(string pipeline, long epoch, CancellationToken cancellation);

    ShardStatus GetStatus(string pipeline, int stage);

    Task UnloadAsync(string pipeline, int stage, long epoch);
}

[GenerateSerializer]
public sealed class ShardUnavailableException(string message) : Exception(message);

[GenerateSerializer]
public sealed class ShardMisplacedException(string message) : Exception(message);
