using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// Calls to the shards of one pipeline, on the silos where its plan has them. Failures come back as answers, never as exceptions.
/// </summary>
internal sealed class ShardRing(IGrainFactory grains, ISiloStatusOracle silos, string pipeline)
{
    public Task<ShardAnswer> LoadAsync(PlacedStage stage, StageAssignment assignment) =>
        AskAsync(stage, async shard => await shard.LoadAsync(assignment));

    public Task<ShardAnswer> GetStatusAsync(PlacedStage stage) => AskAsync(stage, static async shard => await shard.GetStatusAsync());

    public Task<ShardAnswer> LinkAsync(PlacedStage stage, StageLink link) => TellAsync(stage, shard => shard.LinkAsync(link));

    public Task<ShardAnswer> ProveAsync(PlacedStage head, long epoch) => TellAsync(head, shard => shard.ProveAsync(epoch));

    public Task<ShardAnswer> UnloadAsync(PlacedStage stage, long epoch) => TellAsync(stage, shard => shard.UnloadAsync(epoch));

    /// <summary>
    /// Whether the silo is a member, be it silent or not. One that shuts down is none any more: it takes no calls, no plan has its device,
    /// and its shards unload as they end with it.
    /// </summary>
    public bool IsAlive(SiloAddress silo) => silos.GetApproximateSiloStatus(silo) == SiloStatus.Active;

    private Task<ShardAnswer> TellAsync(PlacedStage stage, Func<IModelShardGrain, Task> call) => AskAsync(stage, async shard =>
    {
        await call(shard);
        return null;
    });

    private async Task<ShardAnswer> AskAsync(PlacedStage stage, Func<IModelShardGrain, Task<ShardStatus?>> call)
    {
        if (!IsAlive(stage.Silo))
            return Lost(stage);
        PlacementRequest.Set(stage.Silo, stage.Bytes);
        try
        {
            var shard = grains.GetGrain<IModelShardGrain>(new ShardKey(pipeline, stage.Stage).ToString());
            return new ShardAnswer(stage, await CallAsync(shard, call), ShardProblem.None, null);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return IsAlive(stage.Silo)
                ? new ShardAnswer(stage, null, ShardProblem.Unanswered, $"stage {stage.Stage} on {stage.Device}: {exception.Message}")
                : Lost(stage);
        }
        catch (Exception exception)
        {
            return new ShardAnswer(stage, null, ShardProblem.Refused, $"stage {stage.Stage} on {stage.Device}: {exception.Message}");
        }
    }

    private static async Task<ShardStatus?> CallAsync(IModelShardGrain shard, Func<IModelShardGrain, Task<ShardStatus?>> call)
    {
        try
        {
            return await call(shard);
        }
        catch (ShardMisplacedException)
        {
            // It is on its way to where it belongs, and takes the next call there.
            return await call(shard);
        }
    }

    private static ShardAnswer Lost(PlacedStage stage) =>
        new(stage, null, ShardProblem.SiloLost, $"device {stage.Device}, which held stage {stage.Stage}, is gone");

    private static bool IsSilence(Exception exception) =>
        exception is OrleansException or TimeoutException or ShardMisplacedException or DeviceUnavailableException;
}
