using Orleans;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Shards;

/// <summary>Stands for one stage of its silo's <see cref="IStageHost"/>. What it holds lives and dies with the activation.</summary>
[DevicePlacement]
internal sealed class ModelShardGrain(IStageHost host) : Grain, IModelShardGrain
{
    private ShardKey _key;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _key = ShardKey.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    // A stage without its grain would hold memory that nobody can give back.
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        host.UnloadAsync(_key.Pipeline, _key.Stage, long.MaxValue);

    public Task<ShardStatus> LoadAsync(StageAssignment assignment)
    {
        RequireOwn(assignment.Pipeline, assignment.Stage);
        if (string.Equals(assignment.Device, host.Device, StringComparison.Ordinal))
            return Task.FromResult(host.Load(assignment));
        // To end is not enough: a silo that remembers where the shard was would have it activated there again.
        this.MigrateOnIdle();
        throw new ShardMisplacedException($"Shard {_key} is on {host.Device}; its plan wants it on {assignment.Device}.");
    }

    public Task LinkAsync(StageLink link, CancellationToken cancellation = default)
    {
        RequireOwn(link.Pipeline, link.Stage);
        return TranslatedAsync(() => host.LinkAsync(link, cancellation));
    }

    public Task ProveAsync(long epoch, CancellationToken cancellation = default)
    {
        RequireOwn(_key.Pipeline, stage: 0);
        return TranslatedAsync(() => host.ProveAsync(_key.Pipeline, epoch, cancellation));
    }

    public Task<ShardStatus> GetStatusAsync()
    {
        var status = host.GetStatus(_key.Pipeline, _key.Stage);
        if (status.State == ShardState.Empty)
            DeactivateOnIdle();
        return Task.FromResult(status);
    }

    public async Task UnloadAsync(long epoch)
    {
        await TranslatedAsync(() => host.UnloadAsync(_key.Pipeline, _key.Stage, epoch));
        if (host.GetStatus(_key.Pipeline, _key.Stage).State == ShardState.Empty)
            DeactivateOnIdle();
    }

    // Engines and connections fail with exceptions of their own, which callers do not know and which no grain call can carry.
    private static async Task TranslatedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception)
            when (exception is not (ShardUnavailableException or OperationCanceledException or TimeoutException))
        {
            throw new ShardUnavailableException(exception.Message);
        }
    }

    private void RequireOwn(string pipeline, int stage)
    {
        if (new ShardKey(pipeline, stage) != _key)
            throw new ArgumentException($"Shard {_key} was asked for stage {stage} of {pipeline}.");
    }
}
