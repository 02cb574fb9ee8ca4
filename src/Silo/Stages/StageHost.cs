using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Silo.Stages;

/// <summary>The silo's stages, driven by shard grains on one side and connected to by neighbours and gateways on the other.</summary>
internal sealed class StageHost(StageServices services) : IStageHost, IDataPlaneAcceptor, IHostedLifecycleService
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Pipeline, int Stage), HostedStage> _stages = [];

    public string Device => services.Device.Name;

    public ShardStatus Load(StageAssignment assignment)
    {
        Validate(assignment);
        lock (_gate)
            return StageToLoad(assignment).Load(assignment);
    }

    public Task LinkAsync(StageLink link, CancellationToken cancellation) =>
        Find(link.Pipeline, link.Stage).RingOf(link.Epoch).LinkAsync(link, cancellation);

    /// <remarks>
    /// Not on the caller's thread: waking the head carries on its loop at once, which must not come to belong to a grain's scheduler.
    /// </remarks>
    public Task ProveAsync(string pipeline, long epoch, CancellationToken cancellation) =>
        Task.Run(() => Find(pipeline, 0).RingOf(epoch).ProveAsync(cancellation), cancellation);

    public ShardStatus GetStatus(string pipeline, int stage)
    {
        lock (_gate)
        {
            return _stages.TryGetValue((pipeline, stage), out var hosted)
                ? hosted.Status
                : new ShardStatus(ShardState.Empty, 0, Device, Environment.ProcessId, services.Address.Endpoint, 0, 0, 0, 0, 0, null);
        }
    }

    public async Task UnloadAsync(string pipeline, int stage, long epoch)
    {
        HostedStage? hosted;
        lock (_gate)
        {
            if (!_stages.TryGetValue((pipeline, stage), out hosted))
                return;
        }
        await hosted.UnloadAsync(epoch);
        lock (_gate)
        {
            // Meanwhile it may have been asked to load again, or been removed by an unloading of the same epoch.
            if (!hosted.IsEmpty || !_stages.Remove((pipeline, stage)))
                return;
        }
        await hosted.DisposeAsync();
    }

    /// <summary>Refuses unknown pipelines, other epochs, wrong stages, other models and wrong sizes.</summary>
    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        var target = hello.Role == ConnectionRole.Ring ? hello.Stage + 1 : 0;
        HostedStage? hosted;
        lock (_gate)
            _stages.TryGetValue((hello.Pipeline, target), out hosted);
        return hosted is null
            ? throw new DataPlaneRefusedException($"Device {Device} holds no stage {target} of pipeline {hello.Pipeline}.")
            : hosted.Accept(hello, connection);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Drains and unloads while the actor engine and the data plane are still there.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        HostedStage[] all;
        lock (_gate)
            all = [.. _stages.Values];
        var limit = TimeSpan.FromSeconds(services.Heads.DrainSeconds);
        await Task.WhenAll(all.Select(stage => stage.DrainAsync(limit, cancellationToken)));
        await Task.WhenAll(all.Select(stage => stage.UnloadAsync(long.MaxValue))).WaitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private HostedStage StageToLoad(StageAssignment assignment)
    {
        var key = (assignment.Pipeline, assignment.Stage);
        if (_stages.TryGetValue(key, out var hosted))
            return hosted;
        if (_stages.Count >= services.Stages.MaximumCount)
            throw new ShardUnavailableException($"Device {Device} holds {_stages.Count} shards already; that is its limit.");
        return _stages[key] = new HostedStage(assignment.Pipeline, assignment.Stage, services);
    }

    private HostedStage Find(string pipeline, int stage)
    {
        lock (_gate)
        {
            return _stages.TryGetValue((pipeline, stage), out var hosted)
                ? hosted
                : throw new ShardUnavailableException($"Device {Device} holds no stage {stage} of pipeline {pipeline}.");
        }
    }

    private void Validate(StageAssignment assignment)
    {
        if (assignment.Device != Device)
            throw new ShardMisplacedException($"The assignment is for device {assignment.Device}; this is {Device}.");
        if (assignment.StageCount < 1 || assignment.Stage < 0 || assignment.Stage >= assignment.StageCount)
            throw new ArgumentException($"Stage {assignment.Stage} of {assignment.StageCount} does not exist.");
        if (assignment.FirstLayer < 0 || assignment.EndLayer <= assignment.FirstLayer)
            throw new ArgumentException($"Layers [{assignment.FirstLayer}, {assignment.EndLayer}) are no slice.");
        int[] counts = [assignment.SlotCount, assignment.CellCount, assignment.ContextLength, assignment.MaximumBatchRows];
        if (counts.Min() < 1)
            throw new ArgumentException("Slots, cells, context length and rows per batch must each be at least 1.");
    }
}
