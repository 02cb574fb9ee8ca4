using OrleansInference.Grains.Shards;
using OrleansInference.Simulation.Tests.Devices;

namespace OrleansInference.Simulation.Tests.Stages;

/// <summary>
/// One stage of one pipeline on a silo, through all its epochs, as the real stage host has it: loading, changing epoch and unloading come
/// one after another, and a newer wish cancels an older one that is under way.
/// </summary>
internal sealed class SimulatedStage(SimulatedStageHost host, string pipeline, int number)
{
    private static readonly TimeSpan ClearTime = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan UnloadTime = TimeSpan.FromMilliseconds(40);

    private StageAssignment? _assignment;
    private StageAssignment? _loaded;
    private Engine? _engine;
    private Task _transition = Task.CompletedTask;
    private CancellationTokenSource _cancellation = new();
    private bool _isChanging;
    private string? _loadFault;
    private TimeSpan _loadStarted;
    private TimeSpan _loadTime;

    public SimulatedRing? Ring { get; private set; }

    public bool IsEmpty => _assignment is null && !_isChanging;

    private string? Fault => _loadFault ?? Ring?.Fault;

    private ShardState State => _assignment is null ? ShardState.Empty
        : _isChanging ? ShardState.Loading
        : Fault is not null ? ShardState.Faulted
        : Ring is { IsLinked: true } ? ShardState.Linked : ShardState.Loaded;

    public ShardStatus Status => new(
        State, _assignment?.Epoch ?? 0, host.Device.Name, host.Process.Number, host.Endpoint, Progress,
        _engine?.WeightBytes ?? 0, _engine?.KvBytes ?? 0,
        Ring?.Head?.BusySlots ?? 0, Ring?.Head?.QueuedRequests ?? 0, Fault);

    private double Progress => _assignment is null ? 0
        : !_isChanging ? 1
        : _loadTime == TimeSpan.Zero ? 0 : Math.Clamp((host.Loop.Now - _loadStarted) / _loadTime, 0, 1);

    public ShardStatus Load(StageAssignment wanted)
    {
        if (_assignment is { } present)
        {
            if (wanted.Epoch < present.Epoch && !host.Defects.TakesOldAssignments)
                throw new ShardUnavailableException($"Stage {number} of {pipeline} is in epoch {present.Epoch}; epoch {wanted.Epoch} is over.");
            if (wanted == present && (_isChanging || Fault is null))
                return Status;
        }
        Tell($"is assigned layers [{wanted.FirstLayer}, {wanted.EndLayer}) in epoch {wanted.Epoch}");
        (_assignment, _loadFault) = (wanted, null);
        Change(cancellation => LoadAsync(wanted, cancellation));
        return Status;
    }

    public Task UnloadAsync(long epoch)
    {
        if (_assignment is not null && _assignment.Epoch > epoch)
            return Task.CompletedTask;
        if (_assignment is not null)
        {
            Tell($"is unloaded in epoch {_assignment.Epoch}");
            (_assignment, _loadFault) = (null, null);
            Change(_ => UnloadAsync());
        }
        return _transition;
    }

    /// <exception cref="ShardUnavailableException">Not loaded, or in another epoch.</exception>
    public SimulatedRing RingOf(long epoch)
    {
        if (_assignment is null || _assignment.Epoch != epoch)
            throw new ShardUnavailableException($"Stage {number} of {pipeline} is not in epoch {epoch}.");
        if (_isChanging || _loadFault is not null || Ring is null)
            throw new ShardUnavailableException($"Stage {number} of {pipeline} is not loaded: {_loadFault ?? "it is still loading"}");
        return Ring;
    }

    private void Change(Func<CancellationToken, Task> change)
    {
        _cancellation.Cancel();
        _cancellation = new CancellationTokenSource();
        (_isChanging, _loadTime) = (true, TimeSpan.Zero);
        var cancellation = _cancellation.Token;
        var before = _transition;
        _transition = host.Process.RunAsync(async () =>
        {
            await before;
            try
            {
                if (!cancellation.IsCancellationRequested)
                    await change(cancellation);
            }
            catch (OperationCanceledException)
            {
                // A newer wish follows.
            }
            _isChanging &= cancellation.IsCancellationRequested;
        });
    }

    private async Task LoadAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        if (host.Defects.KeepsOldRing && Ring is not null)
        {
            await Task.Delay(ClearTime, host.Process.Time, cancellation);
            return;
        }
        DropRing();
        if (_loaded is not null && _loaded with { Epoch = wanted.Epoch } == wanted)
            await Task.Delay(ClearTime, host.Process.Time, cancellation);
        else
            await LoadEngineAsync(wanted, cancellation);
        if (_loadFault is null)
            Ring = new SimulatedRing(host, wanted, host.World.WeightBytes(wanted));
    }

    private async Task LoadEngineAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        await DropEngineAsync();
        _engine = new Engine(host.World.WeightBytes(wanted), host.World.KvBytes(wanted));
        host.Device.Hold(_engine, _engine.WeightBytes + _engine.KvBytes);
        (_loadStarted, _loadTime) = (host.Loop.Now, SimulatedDevice.LoadTime(_engine.WeightBytes));
        var isBroken = host.TakeLoadFault();
        try
        {
            await Task.Delay(isBroken ? _loadTime / 2 : _loadTime, host.Process.Time, cancellation);
        }
        catch (OperationCanceledException)
        {
            await DropEngineAsync();
            throw;
        }
        if (isBroken)
        {
            await DropEngineAsync();
            _loadFault = "the slice file is broken";
            return;
        }
        _loaded = wanted;
    }

    private async Task UnloadAsync()
    {
        DropRing();
        await DropEngineAsync();
    }

    private void Tell(string text) => host.Loop.Log.Add(host.Device.Name, $"stage {number} of {pipeline} {text}");

    private void DropRing()
    {
        Ring?.End("its stage was assigned anew");
        Ring = null;
    }

    private async Task DropEngineAsync()
    {
        _loaded = null;
        if (_engine is not { } dropped)
            return;
        await Task.Delay(UnloadTime, host.Process.Time);
        _engine = null;
        if (!host.Defects.LeaksMemory)
            host.Device.Free(dropped);
    }

    // A class, because each is another one even if it is as large.
    private sealed class Engine(long weightBytes, long kvBytes)
    {
        public long WeightBytes => weightBytes;

        public long KvBytes => kvBytes;
    }
}
