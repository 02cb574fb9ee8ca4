using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// One stage of one pipeline on this silo, through all its epochs. Loading, changing epoch and unloading happen in the background, one after
/// another; a newer wish cancels an older one that is under way.
/// </summary>
internal sealed partial class HostedStage(string pipeline, int stage, StageServices services) : IProgress<double>, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly ILogger logger = services.Logs.CreateLogger<HostedStage>();
    private StageAssignment? assignment;
    private Task transition = Task.CompletedTask;
    private CancellationTokenSource transitionCancellation = new();
    private bool isChanging;
    private string? loadFault;
    private double loadProgress;
    private StageAssignment? loaded;
    private IStageEngine? engine;
    private ITokenizer? tokenizer;
    private RingStage? ring;

    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return assignment is null && !isChanging;
        }
    }

    public ShardStatus Status
    {
        get
        {
            lock (gate)
            {
                var shape = engine?.Shape;
                var progress = assignment is null ? 0 : isChanging ? loadProgress : 1;
                return new ShardStatus(
                    State, assignment?.Epoch ?? 0, services.Device.Name, Environment.ProcessId, services.Address.Endpoint, progress,
                    shape?.MappedBytes ?? 0, shape?.KvBytes ?? 0, ring?.BusySlots ?? 0, ring?.QueuedRequests ?? 0, Fault);
            }
        }
    }

    private string? Fault => loadFault ?? ring?.Fault;

    private ShardState State => assignment is null ? ShardState.Empty
        : isChanging ? ShardState.Loading
        : Fault is not null ? ShardState.Faulted
        : ring is { IsLinked: true } ? ShardState.Linked
        : ShardState.Loaded;

    /// <exception cref="ShardUnavailableException">The assignment is of an older epoch.</exception>
    public ShardStatus Load(StageAssignment wanted)
    {
        lock (gate)
        {
            if (assignment is { } present)
            {
                if (wanted.Epoch < present.Epoch)
                    throw new ShardUnavailableException($"Stage {stage} of {pipeline} is in epoch {present.Epoch}; epoch {wanted.Epoch} is over.");
                if (wanted == present && (isChanging || Fault is null))
                    return Status;
            }
            assignment = wanted;
            loadFault = null;
            loadProgress = 0;
            Change(cancellation => LoadAsync(wanted, cancellation));
            return Status;
        }
    }

    /// <summary>Unloads what is of this epoch or older; done when its memory is free.</summary>
    public Task UnloadAsync(long epoch)
    {
        lock (gate)
        {
            if (assignment is not null && assignment.Epoch > epoch)
                return Task.CompletedTask;
            if (assignment is not null)
            {
                assignment = null;
                loadFault = null;
                Change(_ => UnloadAsync());
            }
            return transition;
        }
    }

    /// <exception cref="ShardUnavailableException">Not loaded, or in another epoch.</exception>
    public RingStage RingOf(long epoch)
    {
        lock (gate)
        {
            if (assignment is null || assignment.Epoch != epoch)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} is {Where}, not in epoch {epoch}.");
            if (isChanging)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} is still loading.");
            if (loadFault is not null || ring is null)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} could not be loaded: {loadFault}");
            return ring;
        }
    }

    /// <exception cref="DataPlaneRefusedException">Not loaded, in another epoch, or of another shape.</exception>
    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        try
        {
            return RingOf(hello.Epoch).Accept(hello, connection);
        }
        catch (ShardUnavailableException exception)
        {
            throw new DataPlaneRefusedException(exception.Message);
        }
    }

    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        lock (gate)
            return ring?.DrainAsync(limit, cancellation) ?? Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnloadAsync(long.MaxValue);
        transitionCancellation.Dispose();
    }

    void IProgress<double>.Report(double value) => Volatile.Write(ref loadProgress, Math.Clamp(value, 0, 1));

    private string Where => assignment is null ? "not loaded" : $"in epoch {assignment.Epoch}";

    /// <summary>Called under the lock.</summary>
    private void Change(Func<CancellationToken, Task> change)
    {
        transitionCancellation.Cancel();
        transitionCancellation = new CancellationTokenSource();
        isChanging = true;
        var cancellation = transitionCancellation.Token;
        var before = transition;
        transition = Task.Run(async () =>
        {
            await before;
            try
            {
                if (!cancellation.IsCancellationRequested)
                    await change(cancellation);
            }
            catch (Exception exception)
            {
                LogChangeFailed(exception, pipeline, stage);
                lock (gate)
                    loadFault = exception.Message;
            }
            lock (gate)
                isChanging &= cancellation.IsCancellationRequested;
        });
    }

    private async Task LoadAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        try
        {
            var isEngineSuspect = await DropRingAsync();
            if (!isEngineSuspect && loaded is not null && loaded with { Epoch = wanted.Epoch } == wanted)
                await ClearSlotsAsync(engine!, wanted);
            else
                await LoadEngineAsync(wanted, cancellation);
            lock (gate)
                ring = new RingStage(wanted, engine!, tokenizer, services);
            LogLoaded(pipeline, stage, wanted.FirstLayer, wanted.EndLayer, wanted.Epoch);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // A newer wish follows and finds what was loaded so far.
        }
        catch (Exception exception)
        {
            await DropEngineAsync();
            LogLoadFailed(exception, pipeline, stage, wanted.Epoch);
            lock (gate)
                loadFault = cancellation.IsCancellationRequested ? loadFault : exception.Message;
        }
    }

    private async Task LoadEngineAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        await DropEngineAsync();
        var configuration = new StageConfiguration(
            wanted.Model, wanted.FirstLayer, wanted.EndLayer, wanted.SlotCount, wanted.CellCount, wanted.MaximumBatchRows, services.Device.Threads);
        var made = await services.Engines.LoadStageAsync(configuration, this, cancellation);
        lock (gate)
            engine = made;
        if (wanted.Stage == 0)
            tokenizer = await services.Engines.LoadTokenizerAsync(wanted.Model, cancellation);
        loaded = wanted;
    }

    private static async Task ClearSlotsAsync(IStageEngine engine, StageAssignment wanted)
    {
        for (var slot = 0; slot < wanted.SlotCount; slot++)
            await engine.ClearAsync(slot, 0);
    }

    private async Task UnloadAsync()
    {
        await DropRingAsync();
        await DropEngineAsync();
        LogUnloaded(pipeline, stage);
    }

    /// <summary>Leaves the ring, and returns whether its engine had failed there.</summary>
    private async Task<bool> DropRingAsync()
    {
        RingStage? left;
        lock (gate)
            (left, ring) = (ring, null);
        if (left is null)
            return false;
        await left.DisposeAsync();
        return left.IsEngineSuspect;
    }

    private async Task DropEngineAsync()
    {
        IStageEngine? dropped;
        lock (gate)
            (dropped, engine) = (engine, null);
        tokenizer?.Dispose();
        tokenizer = null;
        loaded = null;
        if (dropped is not null)
            await dropped.DisposeAsync();
    }

    [LoggerMessage(41, LogLevel.Information, "Stage {Stage} of {Pipeline} holds layers [{FirstLayer}, {EndLayer}) in epoch {Epoch}.")]
    private partial void LogLoaded(string pipeline, int stage, int firstLayer, int endLayer, long epoch);

    [LoggerMessage(42, LogLevel.Error, "Stage {Stage} of {Pipeline} could not be loaded in epoch {Epoch}.")]
    private partial void LogLoadFailed(Exception exception, string pipeline, int stage, long epoch);

    [LoggerMessage(43, LogLevel.Information, "Stage {Stage} of {Pipeline} is unloaded.")]
    private partial void LogUnloaded(string pipeline, int stage);

    [LoggerMessage(44, LogLevel.Error, "What stage {Stage} of {Pipeline} held could not be freed.")]
    private partial void LogChangeFailed(Exception exception, string pipeline, int stage);
}
