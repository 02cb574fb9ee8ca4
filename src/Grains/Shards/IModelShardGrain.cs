using Orleans;
using Orleans.Concurrency;

namespace OrleansInference.Grains.Shards;

/// <summary>One slice of one pipeline. Key: model/replica/stage. Placed by the device placement director.</summary>
[Alias("oinf.shard")]
public interface IModelShardGrain : IGrainWithStringKey
{
    /// <summary>
    /// Starts loading and returns at once; <see cref="GetStatusAsync"/> tells how far it is. Loading the same assignment again is no error.
    /// </summary>
    /// <exception cref="ShardMisplacedException">
    /// The grain is not on the device that the assignment names; it moves to the silo of the call's placement hint, to be asked there.
    /// </exception>
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

    /// <summary>A shard that holds nothing says <see cref="ShardState.Empty"/>, and deactivates.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<ShardStatus> GetStatusAsync();

    /// <summary>Unloads whatever is of this epoch or older, and deactivates.</summary>
    /// <exception cref="ShardUnavailableException">What it held could not be freed.</exception>
    [ResponseTimeout("00:00:05")]
    Task UnloadAsync(long epoch);
}

/// <summary>
/// The silo's stages, as the shard grain drives them; keyed by pipeline and stage. Calls for one stage never overlap, those for
/// different stages may. A stage that does not exist has the status <see cref="ShardState.Empty"/>.
/// </summary>
public interface IStageHost
{
    /// <summary>Name of the silo's device.</summary>
    string Device { get; }

    /// <summary>
    /// Starts loading in the background and returns at once. The same assignment again changes nothing. An assignment that differs only
    /// by a higher epoch keeps the loaded slice: the stage drops its links, its sequences and its fault, and is
    /// <see cref="ShardState.Loaded"/> in the new epoch; a slice that failed to load is loaded anew. Any other difference unloads what is
    /// there, then loads. An older epoch than the present one is refused with <see cref="ShardUnavailableException"/>. A failure to
    /// load shows as <see cref="ShardState.Faulted"/>.
    /// </summary>
    ShardStatus Load(StageAssignment assignment);

    /// <summary>As <see cref="IModelShardGrain.LinkAsync"/>; the same link again changes nothing.</summary>
    Task LinkAsync(StageLink link, CancellationToken cancellation);

    /// <summary>
    /// As <see cref="IModelShardGrain.ProveAsync"/>; may be asked again of a proven ring that serves requests, which go on undisturbed.
    /// </summary>
    Task ProveAsync(string pipeline, long epoch, CancellationToken cancellation);

    ShardStatus GetStatus(string pipeline, int stage);

    /// <summary>Unloads the stage if it is of this epoch or older; when the task is done, its memory is free.</summary>
    Task UnloadAsync(string pipeline, int stage, long epoch);
}

[GenerateSerializer]
public sealed class ShardUnavailableException(string message) : Exception(message);

[GenerateSerializer]
public sealed class ShardMisplacedException(string message) : Exception(message);
