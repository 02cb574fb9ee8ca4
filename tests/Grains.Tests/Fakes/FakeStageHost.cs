using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Tests.Fakes;

/// <summary>A silo's stages without layers: holds to the contract of <see cref="IStageHost"/> and counts.</summary>
internal sealed class FakeStageHost : IStageHost
{
    private readonly Lock _lock = new();
    private readonly FakeWorld _world;
    private readonly Dictionary<(string Pipeline, int Stage), Stage> _stages = [];

    public FakeStageHost(FakeWorld world, string device, long memoryBytes)
    {
        (_world, Device, MemoryBytes, Endpoint) = (world, device, memoryBytes, world.NextEndpoint());
        world.Hosts[Endpoint] = this;
    }

    public string Device { get; }

    public long MemoryBytes { get; }

    public string Endpoint { get; }

    public bool IsDead { get; set; }

    /// <summary>Slices that were really loaded, not kept across an epoch.</summary>
    public int SlicesLoaded { get; private set; }

    /// <summary>The most memory that was ever held at once.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Loading stays at half until this is set back.</summary>
    public bool IsLoadingSlow { get; set; }

    /// <summary>Slices that are still to fail.</summary>
    public int LoadsToFail { get; set; }

    /// <summary>Sequences that the heads on this silo say they serve.</summary>
    public int BusySlots { get; set; }

    /// <summary>Neither loading nor status is answered in time.</summary>
    public bool IsMute { get; set; }

    /// <summary>Linking, proving and unloading fail with this, in an exception that cannot be sent.</summary>
    public string? EngineFault { get; set; }

    /// <summary>Linking fails with this.</summary>
    public string? LinkFault { get; set; }

    /// <summary>No token comes through this host's stages, because of this.</summary>
    public string? ProofFault { get; set; }

    public int StageCount
    {
        get
        {
            lock (_lock)
                return _stages.Count;
        }
    }

    public IReadOnlyList<StageAssignment> Assignments
    {
        get
        {
            lock (_lock)
                return [.. _stages.Values.Select(stage => stage.Assignment)];
        }
    }

    public ShardStatus Load(StageAssignment assignment)
    {
        ThrowIfMute();
        lock (_lock)
        {
            var key = (assignment.Pipeline, assignment.Stage);
            var present = _stages.GetValueOrDefault(key);
            if (present is not null && assignment.Epoch < present.Assignment.Epoch)
                throw new ShardUnavailableException($"epoch {assignment.Epoch} is over, it is {present.Assignment.Epoch}");
            if (present?.Assignment != assignment)
                _stages[key] = Replace(present, assignment);
            return StatusOf(_stages[key]);
        }
    }

    public Task LinkAsync(StageLink link, CancellationToken cancellation)
    {
        ThrowIfFaulty();
        ThrowIf(LinkFault);
        foreach (var endpoint in new[] { link.NextEndpoint, link.HeadEndpoint }.OfType<string>())
            if (!_world.Hosts.TryGetValue(endpoint, out var neighbour) || neighbour.IsDead)
                throw new ShardUnavailableException($"{endpoint} cannot be reached");
        lock (_lock)
        {
            var stage = Find(link.Pipeline, link.Stage, link.Epoch);
            if (stage.IsLoading)
                throw new ShardUnavailableException("is still loading");
            stage.Link = link;
        }
        return Task.CompletedTask;
    }

    public Task ProveAsync(string pipeline, long epoch, CancellationToken cancellation)
    {
        ThrowIfFaulty();
        if (Interlocked.Decrement(ref _world.ProofsToFail) >= 0)
            throw new ShardUnavailableException("the token did not come back");
        var (host, stageNumber) = (this, 0);
        ThrowIf(ProofFault);
        while (host.LinkOf(pipeline, stageNumber, epoch).NextEndpoint is { } next)
        {
            host = _world.Hosts[next];
            stageNumber++;
            if (host.IsDead)
                throw new ShardUnavailableException($"stage {stageNumber} does not answer");
            ThrowIf(host.ProofFault);
        }
        return Task.CompletedTask;
    }

    public ShardStatus GetStatus(string pipeline, int stage)
    {
        ThrowIfMute();
        lock (_lock)
            return _stages.TryGetValue((pipeline, stage), out var present)
                ? StatusOf(present)
                : new ShardStatus(ShardState.Empty, 0, Device, 1, Endpoint, 0, 0, 0, 0, 0, null);
    }

    public Task UnloadAsync(string pipeline, int stage, long epoch)
    {
        ThrowIfFaulty();
        lock (_lock)
        {
            if (_stages.TryGetValue((pipeline, stage), out var present) && present.Assignment.Epoch <= epoch)
                _stages.Remove((pipeline, stage));
        }
        return Task.CompletedTask;
    }

    public void Break(string reason)
    {
        lock (_lock)
            foreach (var stage in _stages.Values)
                stage.Fault = reason;
    }

    public void LoseNeighbour(string endpoint)
    {
        lock (_lock)
            foreach (var stage in _stages.Values)
                if (stage.Link is { } link && (link.NextEndpoint == endpoint || link.HeadEndpoint == endpoint))
                    stage.Fault = "a neighbour was lost";
    }

    private void ThrowIfMute()
    {
        if (IsMute)
            throw new TimeoutException("no answer");
    }

    private void ThrowIfFaulty()
    {
        if (EngineFault is { } fault)
            throw new UnsendableException(fault);
    }

    private static void ThrowIf(string? fault)
    {
        if (fault is not null)
            throw new ShardUnavailableException(fault);
    }

    private Stage Replace(Stage? present, StageAssignment assignment)
    {
        if (present is { IsBroken: false } && present.Assignment with { Epoch = assignment.Epoch } == assignment)
            return new Stage(assignment);
        _stages.Remove((assignment.Pipeline, assignment.Stage));
        SlicesLoaded++;
        var isFailing = LoadsToFail > 0;
        LoadsToFail -= isFailing ? 1 : 0;
        var held = _stages.Values.Sum(stage => _world.BytesOf(stage.Assignment)) + _world.BytesOf(assignment);
        PeakBytes = Math.Max(PeakBytes, held);
        return new Stage(assignment)
        {
            IsLoading = true,
            IsBroken = isFailing,
            Fault = isFailing ? "the slice file is broken" : null,
        };
    }

    private ShardStatus StatusOf(Stage stage)
    {
        stage.IsLoading &= IsLoadingSlow;
        var state = stage.Fault is not null ? ShardState.Faulted
            : stage.IsLoading ? ShardState.Loading
            : stage.Link is null ? ShardState.Loaded : ShardState.Linked;
        var bytes = _world.BytesOf(stage.Assignment);
        return new ShardStatus(
            state, stage.Assignment.Epoch, Device, 1, Endpoint, stage.IsLoading ? 0.5 : 1, bytes, 0, BusySlots, 0, stage.Fault);
    }

    private StageLink LinkOf(string pipeline, int stage, long epoch)
    {
        lock (_lock)
            return Find(pipeline, stage, epoch).Link ?? throw new ShardUnavailableException($"stage {stage} is not linked");
    }

    private Stage Find(string pipeline, int stage, long epoch) =>
        _stages.TryGetValue((pipeline, stage), out var present) && present.Assignment.Epoch == epoch && present.Fault is null
            ? present
            : throw new ShardUnavailableException($"stage {stage} is not loaded in epoch {epoch}");

    private sealed class Stage(StageAssignment assignment)
    {
        public StageAssignment Assignment { get; } = assignment;

        public bool IsLoading { get; set; }

        public bool IsBroken { get; init; }

        public StageLink? Link { get; set; }

        public string? Fault { get; set; }
    }
}
