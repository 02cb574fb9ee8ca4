using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Shards;
using OrleansInference.Simulation.Tests.Devices;
using OrleansInference.Simulation.Tests.DataPlane;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests.Stages;

/// <summary>The stages of one run of a silo, without models: they cost memory and time, and hold to the contract of IStageHost.</summary>
internal sealed class SimulatedStageHost(World world, SimulatedDevice device, SimulatedProcess process, string endpoint)
    : IStageHost, ILinkAcceptor
{
    private readonly Dictionary<(string Pipeline, int Stage), SimulatedStage> _stages = [];

    /// <summary>The newest epoch that each stage was assigned, as it was seen from outside of it.</summary>
    private readonly Dictionary<(string Pipeline, int Stage), long> _assigned = [];

    private int _loadsToFail;

    public World World => world;

    public SimulationLoop Loop => world.Cluster.Loop;

    public SimulatedDevice Device => device;

    public SimulatedProcess Process => process;

    public string Endpoint => endpoint;

    public Defects Defects => world.Defects;

    string IStageHost.Device => device.Name;

    public ShardStatus Load(StageAssignment assignment)
    {
        if (assignment.Device != device.Name)
            throw new ShardMisplacedException($"The assignment is for device {assignment.Device}; this is {device.Name}.");
        var key = (assignment.Pipeline, assignment.Stage);
        if (!_stages.TryGetValue(key, out var stage))
            _stages.Add(key, stage = new SimulatedStage(this, assignment.Pipeline, assignment.Stage));
        var status = stage.Load(assignment);
        world.Checker.CheckEpoch("assignment", device.Name, key, assignment.Epoch, _assigned.GetValueOrDefault(key));
        _assigned[key] = Math.Max(_assigned.GetValueOrDefault(key), assignment.Epoch);
        return status;
    }

    public Task LinkAsync(StageLink link, CancellationToken cancellation) =>
        Find(link.Pipeline, link.Stage).RingOf(link.Epoch).LinkAsync(link, cancellation);

    public Task ProveAsync(string pipeline, long epoch, CancellationToken cancellation) =>
        Find(pipeline, 0).RingOf(epoch).ProveAsync(cancellation);

    public ShardStatus GetStatus(string pipeline, int stage) => _stages.TryGetValue((pipeline, stage), out var present)
        ? present.Status
        : new ShardStatus(ShardState.Empty, 0, device.Name, process.Number, endpoint, 0, 0, 0, 0, 0, null);

    public async Task UnloadAsync(string pipeline, int stage, long epoch)
    {
        if (!_stages.TryGetValue((pipeline, stage), out var present))
            return;
        await present.UnloadAsync(epoch);
        if (!present.IsEmpty)
            return;
        _stages.Remove((pipeline, stage));
        _assigned.Remove((pipeline, stage));
    }

    public string? Accept(DataLink link)
    {
        var number = link.Hello.Role == LinkRole.Ring ? link.Hello.Stage + 1 : 0;
        if (!_stages.TryGetValue((link.Hello.Pipeline, number), out var stage))
            return $"{device.Name} holds no stage {number} of {link.Hello.Pipeline}";
        if (Defects.TakesOldLeases && link.Hello.Role == LinkRole.Generation && stage.Ring is { } ring)
            return ring.Accept(link);
        try
        {
            return stage.RingOf(link.Hello.Epoch).Accept(link);
        }
        catch (ShardUnavailableException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Unloads everything: the silo stops.</summary>
    public Task UnloadAllAsync() => Task.WhenAll(_stages.Keys.ToList().Select(stage => UnloadAsync(stage.Pipeline, stage.Stage, long.MaxValue)));

    public void FailLoads(int count) => _loadsToFail = count;

    /// <summary>The engines of all stages fail.</summary>
    public void FailStages(string reason)
    {
        foreach (var stage in _stages.Values.ToList())
            stage.Ring?.Fail(reason);
    }

    internal bool TakeLoadFault() => _loadsToFail > 0 && _loadsToFail-- > 0;

    internal void NoteFrame(StageAssignment assignment, long epoch) => Check("frame", assignment, epoch);

    internal void NoteRequest(StageAssignment assignment, long epoch) => Check("lease", assignment, epoch);

    private void Check(string what, StageAssignment assignment, long epoch)
    {
        var key = (assignment.Pipeline, assignment.Stage);
        world.Checker.CheckEpoch(what, device.Name, key, epoch, _assigned.GetValueOrDefault(key));
    }

    private SimulatedStage Find(string pipeline, int stage) => _stages.TryGetValue((pipeline, stage), out var present)
        ? present
        : throw new ShardUnavailableException($"{device.Name} holds no stage {stage} of {pipeline}.");
}
