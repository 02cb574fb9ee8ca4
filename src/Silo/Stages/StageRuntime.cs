using System.Threading.Channels;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// Carries out one stage's work strictly in order and passes on what comes of it. A batch that cannot be computed becomes a Fault on
/// its way to the head; a slot that cannot be opened, cleared or filled faults the batches that use it until it is cleared from the
/// beginning, so nothing fails in silence.
/// </summary>
internal sealed partial class StageRuntime : IAsyncDisposable
{
    private readonly StageAssignment _assignment;
    private readonly IStageEngine _engine;
    private readonly Func<Frame, CancellationToken, ValueTask> _output;
    private readonly Action<string, bool> _onFailed;
    private readonly int _consecutiveFaultLimit;
    private readonly ILogger _logger;
    private readonly Channel<StageWork> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<int, string> _brokenSlots = [];
    private readonly Task _running;
    private int _consecutiveFaults;

    /// <param name="output">The next stage, or after the last stage the head. Reads a frame's memory before it returns.</param>
    /// <param name="onFailed">Told once, with the reason, when the stage cannot go on, and whether its engine is to blame.</param>
    public StageRuntime(
        StageAssignment assignment, IStageEngine engine, Func<Frame, CancellationToken, ValueTask> output, Action<string, bool> onFailed,
        StageOptions options, ILogger logger)
    {
        _assignment = assignment;
        _engine = engine;
        _output = output;
        _onFailed = onFailed;
        _logger = logger;
        _consecutiveFaultLimit = options.ConsecutiveFaults;
        _queue = Channel.CreateBounded<StageWork>(options.QueuedFrames);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes work; waits while the queue is full.</summary>
    public ChannelWriter<StageWork> Input => _queue.Writer;

    private bool IsLast => _assignment.Stage == _assignment.StageCount - 1;

    /// <summary>Drops what is queued; the work in hand ends first.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _running;
        while (_queue.Reader.TryRead(out var work))
            DisposeOf(work);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var work in _queue.Reader.ReadAllAsync(_stopping.Token))
                await CarryOutAsync(work);
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (DataPlaneClosedException exception)
        {
            _onFailed($"stage {_assignment.Stage} cannot send any more: {exception.Message}", false);
        }
        catch (Exception exception)
        {
            LogRuntimeFailed(exception, _assignment.Pipeline, _assignment.Stage);
            _onFailed($"stage {_assignment.Stage} failed: {exception.Message}", true);
        }
        finally
        {
            _queue.Writer.TryComplete();
        }
    }

    private async ValueTask CarryOutAsync(StageWork work)
    {
        switch (work)
        {
            case TokenBatchWork batch:
                await ComputeAsync(batch.BatchId, new StageInput(batch.Rows, batch.Tokens, default), default);
                break;
            case FrameWork { Frame: BatchFrame batch }:
                using (batch)
                    await ComputeAsync(batch.BatchId, new StageInput(batch.Rows, default, batch.Hidden), batch.Timing);
                break;
            case FrameWork { Frame: OpenFrame open }:
                if (!IsLast)
                    await _output(open, _stopping.Token);
                else
                    await PrepareSlotAsync(open.Slot, "opened", () => _engine.OpenAsync(open.Slot, open.Sampling, open.History));
                break;
            case FrameWork { Frame: ClearFrame clear }:
                if (clear.FromPosition == 0)
                    _brokenSlots.Remove(clear.Slot);
                await PrepareSlotAsync(clear.Slot, "cleared", () => _engine.ClearAsync(clear.Slot, clear.FromPosition));
                if (!IsLast)
                    await _output(clear, _stopping.Token);
                break;
            case FrameWork { Frame: CopyFrame copy }:
                await PrepareSlotAsync(
                    copy.TargetSlot, $"filled from slot {copy.SourceSlot}",
                    () => _engine.CopyAsync(copy.SourceSlot, copy.TargetSlot, copy.EndPosition));
                if (!IsLast)
                    await _output(copy, _stopping.Token);
                break;
            case FrameWork { Frame: FaultFrame fault }:
                await _output(fault, _stopping.Token);
                break;
            case FrameWork other:
                throw new DataPlaneProtocolException(
                    $"A {other.Frame.Type} frame came round the ring; stages take Open, Batch, Clear, Copy and Fault.");
        }
    }

    private async ValueTask ComputeAsync(long batchId, StageInput input, RingTiming before)
    {
        if (FindBrokenSlot(input.Rows.Span) is { } reason)
        {
            await _output(new FaultFrame(batchId, reason), _stopping.Token);
            return;
        }
        StageOutput result;
        try
        {
            result = await _engine.DecodeAsync(input, _stopping.Token);
            _consecutiveFaults = 0;
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            await FaultAsync(batchId, exception);
            return;
        }
        var timing = before.Then(result.ComputeMicroseconds);
        Frame frame = IsLast
            ? new TokensFrame(batchId, result.Tokens, timing) : new BatchFrame(batchId, input.Rows, result.Hidden, Timing: timing);
        await _output(frame, _stopping.Token);
    }

    private async ValueTask FaultAsync(long batchId, Exception exception)
    {
        LogBatchFailed(exception, _assignment.Pipeline, _assignment.Stage, batchId);
        var reason = $"Stage {_assignment.Stage} could not compute a batch: {exception.Message}";
        await _output(new FaultFrame(batchId, reason), _stopping.Token);
        // A refused argument says nothing of the engine; a computation that fails again and again does.
        if (exception is not ArgumentException && ++_consecutiveFaults == _consecutiveFaultLimit)
            _onFailed($"stage {_assignment.Stage} failed to compute {_consecutiveFaults} times in a row: {exception.Message}", true);
    }

    private async ValueTask PrepareSlotAsync(int slot, string deed, Func<ValueTask> prepare)
    {
        try
        {
            await prepare();
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogSlotFailed(exception, _assignment.Pipeline, _assignment.Stage, slot);
            // What broke it first is why it is broken.
            _brokenSlots.TryAdd(slot, $"Stage {_assignment.Stage}: slot {slot} could not be {deed}: {exception.Message}");
        }
    }

    private string? FindBrokenSlot(ReadOnlySpan<BatchRow> rows)
    {
        if (_brokenSlots.Count == 0)
            return null;
        foreach (var row in rows)
        {
            if (_brokenSlots.TryGetValue(row.Slot, out var reason))
                return reason;
        }
        return null;
    }

    private static void DisposeOf(StageWork work)
    {
        if (work is FrameWork { Frame: IDisposable frame })
            frame.Dispose();
    }

    [LoggerMessage(21, LogLevel.Error, "Stage {Stage} of {Pipeline} failed and stops.")]
    private partial void LogRuntimeFailed(Exception exception, string pipeline, int stage);

    [LoggerMessage(22, LogLevel.Warning, "Stage {Stage} of {Pipeline} could not compute batch {BatchId}; its sequences fail.")]
    private partial void LogBatchFailed(Exception exception, string pipeline, int stage, long batchId);

    [LoggerMessage(23, LogLevel.Warning, "Stage {Stage} of {Pipeline} could not prepare slot {Slot}; batches that use it fail.")]
    private partial void LogSlotFailed(Exception exception, string pipeline, int stage, int slot);
}
