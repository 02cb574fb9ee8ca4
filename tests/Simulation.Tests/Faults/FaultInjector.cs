using OrleansInference.Simulation.Tests.Checks;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests.Faults;

/// <summary>Does to a world what happens to clusters, at times and to machines that the seed decides. Every fault ends by itself.</summary>
internal sealed class FaultInjector
{
    private const double HotRoomCelsius = 110;

    private readonly World _world;
    private readonly (string Kind, int Weight, Func<Task> Inject)[] _faults;
    private readonly List<Task> _open = [];
    private bool _isDeploying;

    public FaultInjector(World world)
    {
        _world = world;
        _faults =
        [
            ("crash", 5, CrashDeviceAsync), ("gateway crash", 2, CrashGatewayAsync), ("power cut", 1, CutPowerAsync), ("stop", 3, StopAsync),
            ("freeze", 3, () => FreezeAsync(Seconds(0.2, 4))), ("long freeze", 1, () => FreezeAsync(Seconds(6, 25))),
            ("partition", 3, () => PartAsync(cuts: false)), ("cut", 3, () => PartAsync(cuts: true)), ("reset", 3, ResetAsync),
            ("link reset", 4, ResetLinkAsync), ("load failure", 2, FailLoadsAsync), ("stage failure", 3, FailStagesAsync),
            ("storage failure", 2, FailStorageAsync), ("slow network", 1, SlowNetworkAsync), ("heat", 2, HeatAsync), ("silence", 2, FallSilentAsync), ("redeployment", 2, RedeployAsync),
        ];
    }

    private Random Random => _world.Random;

    /// <summary>Injects faults for a time, and returns when the last of them has ended.</summary>
    public async Task RunAsync(TimeSpan duration)
    {
        var until = _world.Cluster.Loop.Now + duration;
        while (_world.Cluster.Loop.Now < until)
        {
            await DelayAsync(_world.Scenario.FaultPeriod * (0.1 + 1.8 * Random.NextDouble()));
            var (kind, inject) = Draw();
            RunReport.Count(_world.Report.Faults, kind);
            _open.Add(InjectAsync(kind, inject));
        }
        await Task.WhenAll(_open);
    }

    private async Task InjectAsync(string kind, Func<Task> inject)
    {
        Tell(kind);
        await inject();
        Tell($"end of {kind}");
    }

    private (string Kind, Func<Task> Inject) Draw()
    {
        var draw = Random.Next(_faults.Sum(static fault => fault.Weight));
        foreach (var (kind, weight, inject) in _faults)
        {
            if ((draw -= weight) < 0)
                return (kind, inject);
        }
        throw new InvalidOperationException("The weights do not add up.");
    }

    private Task CrashDeviceAsync() => CrashAsync(Pick(static machine => machine.Device is not null));

    private Task CrashGatewayAsync() => CrashAsync(Pick(static machine => machine.Device is null));

    private Task CrashAsync(Machine? machine)
    {
        if (machine is null)
            return Task.CompletedTask;
        machine.RestartAt = _world.Cluster.Loop.Now + Seconds(0.5, 15);
        Tell($"{machine.Name} dies until {machine.RestartAt}");
        _world.Kill(machine);
        return Task.CompletedTask;
    }

    private Task CutPowerAsync()
    {
        foreach (var machine in _world.Machines)
            CrashAsync(machine);
        return Task.CompletedTask;
    }

    private async Task StopAsync()
    {
        if (Pick(static _ => true) is not { Silo.Process: { } process } machine)
            return;
        machine.RestartAt = _world.Cluster.Loop.Now + Seconds(0.5, 15);
        // The story goes on also when the silo is killed while it stops.
        var stopping = _world.StopAsync(machine);
        for (var waited = 0; waited < 100 && !stopping.IsCompleted && process.IsAlive; waited++)
            await DelayAsync(TimeSpan.FromMilliseconds(100));
        if (process.IsAlive)
            _world.Kill(machine);
    }

    private async Task FreezeAsync(TimeSpan duration)
    {
        if (Pick(static _ => true) is not { Silo.Process: { } process } machine)
            return;
        Tell($"{machine.Name} freezes for {duration}");
        _world.Checker.Plans.Disturb();
        process.Freeze();
        _world.DataPlane.OnFrozen(process);
        await DelayAsync(duration);
        process.Thaw();
        _world.Checker.Plans.Disturb();
    }

    private async Task PartAsync(bool cuts)
    {
        var (one, other) = (Pick(static _ => true)?.Silo?.Process, Pick(static _ => true)?.Silo?.Process);
        if (one is null || other is null || one == other)
            return;
        Tell($"{one.Name} and {other.Name} are parted");
        _world.Checker.Plans.Disturb();
        _world.Cluster.Network.Part(one, other, cuts);
        _world.DataPlane.Part(one, other, cuts);
        await DelayAsync(Seconds(0.3, 8));
        _world.Cluster.Network.Join(one, other);
        _world.DataPlane.Join(one, other);
        _world.Checker.Plans.Disturb();
    }

    private Task ResetAsync()
    {
        var (one, other) = (Pick(static _ => true)?.Silo?.Process, Pick(static _ => true)?.Silo?.Process);
        _world.Checker.Plans.Disturb();
        if (one is not null && other is not null && one != other)
            _world.Cluster.Network.Break(one, other);
        return Task.CompletedTask;
    }

    private Task ResetLinkAsync()
    {
        _world.Checker.Plans.Disturb();
        var links = _world.DataPlane.Links;
        if (links.Count > 0)
            links[Random.Next(links.Count)].Close("the connection was reset");
        return Task.CompletedTask;
    }

    private async Task FailLoadsAsync()
    {
        if (Pick(static machine => machine.Device is not null)?.Stages is not { } stages)
            return;
        _world.Checker.Plans.Disturb();
        stages.FailLoads(Random.Next(1, 4));
        await DelayAsync(Seconds(5, 20));
        stages.FailLoads(0);
        _world.Checker.Plans.Disturb();
    }

    private Task FailStagesAsync()
    {
        _world.Checker.Plans.Disturb();
        Pick(static machine => machine.Device is not null)?.Stages?.FailStages("the engine failed");
        return Task.CompletedTask;
    }

    private async Task FailStorageAsync()
    {
        _world.Checker.Plans.Disturb();
        _world.Cluster.Storage.WritesToFail = Random.Next(1, 3);
        await DelayAsync(Seconds(1, 10));
        _world.Cluster.Storage.WritesToFail = 0;
        _world.Checker.Plans.Disturb();
    }

    private async Task SlowNetworkAsync()
    {
        var weather = _world.Cluster.Network.Weather;
        _world.Checker.Plans.Disturb();
        (weather.Jitter, weather.SpikesPerThousand, weather.Spike) = (TimeSpan.FromMilliseconds(60), 20, TimeSpan.FromSeconds(3));
        await DelayAsync(Seconds(2, 12));
        (weather.Jitter, weather.SpikesPerThousand, weather.Spike) = (TimeSpan.FromMicroseconds(500), 2, TimeSpan.FromMilliseconds(20));
        _world.Checker.Plans.Disturb();
    }

    // A device's cooling fails in a hot room, so that even an idle one of those that throttle gets there.
    private async Task HeatAsync()
    {
        var device = _world.Machines.Select(static machine => machine.Device).Where(static device => device is not null)
            .ElementAt(Random.Next(_world.Scenario.Devices.Length))!;
        var throttlings = device.Thermal.Throttlings;
        device.Thermal.Enclose(_world.Cluster.Loop.Now, isEnclosed: true, HotRoomCelsius);
        await DelayAsync(Seconds(60, 150));
        device.Thermal.Enclose(_world.Cluster.Loop.Now, isEnclosed: false);
        if (device.Thermal.Throttlings > throttlings)
            RunReport.Count(_world.Report.Faults, "throttling");
    }

    private async Task FallSilentAsync()
    {
        if (Pick(static machine => machine.Device is not null)?.Device is not { } device)
            return;
        _world.Checker.Plans.Disturb();
        device.IsSilent = true;
        await DelayAsync(Seconds(3, 30));
        device.IsSilent = false;
        _world.Checker.Plans.Disturb();
    }

    // An operator's, and no fault: but it may well come at a bad time. Of two at once it is not known which comes first.
    private async Task RedeployAsync()
    {
        if (_isDeploying)
            return;
        _isDeploying = true;
        var deployment = _world.Scenario.Deployments().ElementAt(Random.Next(_world.Scenario.Models.Length));
        _world.Checker.Plans.Disturb();
        await _world.DeployAsync(deployment with
        {
            SlotCount = Random.Next(1, deployment.SlotCount + 1),
            QueueLength = Random.Next(6),
        });
        _world.Checker.Plans.Disturb();
        _isDeploying = false;
    }

    private Machine? Pick(Func<Machine, bool> condition)
    {
        var candidates = _world.Machines.Where(machine => machine.IsUp && condition(machine)).ToList();
        return candidates.Count == 0 ? null : candidates[Random.Next(candidates.Count)];
    }

    private TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(least + (most - least) * Random.NextDouble());

    private Task DelayAsync(TimeSpan duration) => Task.Delay(duration, _world.Time);

    private void Tell(string text) => _world.Cluster.Loop.Log.Add("fault", text);
}
