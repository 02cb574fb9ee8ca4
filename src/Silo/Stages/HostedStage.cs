using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// One stage of one pipeline on this silo, through all its epochs. Loading, changing epoch and unloading happen in the background, one
/// after another; a newer wish cancels an older one that is under way.
/// </summary>
internal sealed partial class HostedStage(string pipeline, int stage, StageServices services) : IProgress<double>, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ILogger _logger = services.Logs.CreateLogger<HostedStage>();
    private StageAssignment? _assignment;
    private Task _transition = Task.CompletedTask;
    private CancellationTokenSource _transitionCancellation = new();
    private bool _isChanging;
    private string? _loadFault;
    private double _loadProgress;
    private StageAssignment? _loaded;
    private IStageEngine? _engine;
    private ITokenizer? _tokenizer;
    private RingStage? _ring;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _assignment is null && !_isChanging;
        }
    }

    public ShardStatus Status
    {
        get
        {
            lock (_gate)
            {
                var shape = _engine?.Shape;
                var progress = _assignment is null ? 0 : _isChanging || _loadFault is not null ? _loadProgress : 1;
                return new ShardStatus(
                    State, _assignment?.Epoch ?? 0, services.Device.Name, Environment.ProcessId, services.Address.Endpoint, progress,
                    shape?.MappedBytes ?? 0, shape?.KvBytes ?? 0, _ring?.BusySlots ?? 0, _ring?.QueuedRequests ?? 0, Fault);
            }
        }
    }

    private string? Fault => _loadFault ?? _ring?.Fault;

    private ShardState State => _assignment is null ? ShardState.Empty
        : _isChanging ? ShardState.Loading
        : Fault is not null ? ShardState.Faulted
        : _ring is { IsLinked: true } ? ShardState.Linked
        : ShardState.Loaded;

    /// <exception cref="ShardUnavailableException">The assignment is of an older epoch.</exception>
    public ShardStatus Load(StageAssignment wanted)
    {
        lock (_gate)
        {
            if (_assignment is { } present)
            {
                if (wanted.Epoch < present.Epoch)
                {
                    throw new ShardUnavailableException(
                        $"Stage {stage} of {pipeline} is in epoch {present.Epoch}; epoch {wanted.Epoch} is over.");
                }
                if (wanted == present && (_isChanging || Fault is null))
                    return Status;
            }
            _assignment = wanted;
            _loadFault = null;
            _loadProgress = 0;
            Change(cancellation => LoadAsync(wanted, cancellation));
            return Status;
        }
    }

    /// <summary>Unloads what is of this epoch or older; done when its memory is free.</summary>
    public Task UnloadAsync(long epoch)
    {
        lock (_gate)
        {
            if (_assignment is not null && _assignment.Epoch > epoch)
                return Task.CompletedTask;
            if (_assignment is not null)
            {
                _assignment = null;
                _loadFault = null;
                Change(_ => UnloadAsync());
            }
            return _transition;
        }
    }

    /// <exception cref="ShardUnavailableException">Not loaded, or in another epoch.</exception>
    public RingStage RingOf(long epoch)
    {
        lock (_gate)
        {
            if (_assignment is null || _assignment.Epoch != epoch)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} is {Where}, not in epoch {epoch}.");
            if (_isChanging)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} is still loading.");
            if (_loadFault is not null || _ring is null)
                throw new ShardUnavailableException($"Stage {stage} of {pipeline} could not be loaded: {_loadFault}");
            return _ring;
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
        lock (_gate)
            return _ring?.DrainAsync(limit, cancellation) ?? Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnloadAsync(long.MaxValue);
        _transitionCancellation.Dispose();
    }

    void IProgress<double>.Report(double value) => Volatile.Write(ref _loadProgress, Math.Clamp(value, 0, 1));

    private string Where => _assignment is null ? "not loaded" : $"in epoch {_assignment.Epoch}";

    /// <summary>Called under the lock.</summary>
    private void Change(Func<CancellationToken, Task> change)
    {
        _transitionCancellation.Cancel();
        _transitionCancellation = new CancellationTokenSource();
        _isChanging = true;
        var cancellation = _transitionCancellation.Token;
        var before = _transition;
        _transition = Task.Run(async () =>
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
                lock (_gate)
                    _loadFault = exception.Message;
            }
            lock (_gate)
                _isChanging &= cancellation.IsCancellationRequested;
        });
    }

    private async Task LoadAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        try
        {
            var isEngineSuspect = await DropRingAsync();
            if (!isEngineSuspect && await IsLoadedAsync(wanted, cancellation))
                await ClearSlotsAsync(_engine!, wanted);
            else
                await LoadEngineAsync(wanted, cancellation);
            lock (_gate)
                _ring = new RingStage(wanted, _engine!, _tokenizer, services);
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
            lock (_gate)
                _loadFault = cancellation.IsCancellationRequested ? _loadFault : exception.Message;
        }
    }

    /// <summary>A file that was imported anew under the model's name is another model: a neighbour that loads now would load that.</summary>
    private async Task<bool> IsLoadedAsync(StageAssignment wanted, CancellationToken cancellation) =>
        _loaded is not null && _loaded with { Epoch = wanted.Epoch, QueueLength = wanted.QueueLength } == wanted
        && await services.Engines.GetContentHashAsync(wanted.Model, cancellation) == _engine!.Shape.ContentHash;

    private async Task LoadEngineAsync(StageAssignment wanted, CancellationToken cancellation)
    {
        await DropEngineAsync();
        var configuration = new StageConfiguration(
            wanted.Model, wanted.FirstLayer, wanted.EndLayer, wanted.SlotCount, wanted.CellCount, wanted.MaximumBatchRows,
            services.Device.Threads)
        {
            FillsBatches = services.Device.FillsBatches ? null : false,
        };
        var made = await services.Engines.LoadStageAsync(configuration, this, cancellation);
        lock (_gate)
            _engine = made;
        if (wanted.Stage == 0)
            _tokenizer = await services.Engines.LoadTokenizerAsync(wanted.Model, cancellation);
        _loaded = wanted;
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
        lock (_gate)
            (left, _ring) = (_ring, null);
        if (left is null)
            return false;
        await left.DisposeAsync();
        return left.IsEngineSuspect;
    }

    private async Task DropEngineAsync()
    {
        IStageEngine? dropped;
        lock (_gate)
            (dropped, _engine) = (_engine, null);
        _tokenizer?.Dispose();
        _tokenizer = null;
        _loaded = null;
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
