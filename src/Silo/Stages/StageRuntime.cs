using System.Threading.Channels;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// Carries out one stage's work strictly in order and passes on what comes of it. A batch that cannot be computed, or sent, becomes a Fault
/// on its way to the head; a slot that cannot be opened, cleared or filled faults the batches that use it until it is cleared from the
/// beginning, so nothing fails in silence.
/// </summary>
internal sealed partial class StageRuntime : IAsyncDisposable
{
    private readonly StageAssignment _assignment;
    private readonly IStageEngine _engine;
    private readonly Func<Frame, CancellationToken, ValueTask> _output;
    private readonly Action<string, bool> _onFailed;
    private readonly int _consecutiveFaultLimit;
    private readonly int? _turnProcessor;
    private readonly ILogger _logger;
    private readonly Channel<StageWork> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<int, string> _brokenSlots = [];
    private readonly BatchFrame _batch = new(0, default, default);
    private readonly TokensFrame _tokens = new(0, default);
    private readonly Task _running;
    private int _consecutiveFaults;

    /// <param name="output">The next stage, or after the last stage the head. Reads a frame's memory before it returns.</param>
    /// <param name="turnProcessor">Where batches are computed that the stages compute in turn; null for anywhere.</param>
    /// <param name="onFailed">Told once, with the reason, when the stage cannot go on, and whether its engine is to blame.</param>
    public StageRuntime(
        StageAssignment assignment, IStageEngine engine, Func<Frame, CancellationToken, ValueTask> output, Action<string, bool> onFailed,
        int? turnProcessor, StageOptions options, ILogger logger)
    {
        _assignment = assignment;
        _engine = engine;
        _output = output;
        _onFailed = onFailed;
        _turnProcessor = turnProcessor;
        _logger = logger;
        _consecutiveFaultLimit = options.ConsecutiveFaults;
        // Who brings work to an idle stage begins it: another thread would only come later to do the same.
        _queue = Channel.CreateBounded<StageWork>(
            new BoundedChannelOptions(options.QueuedFrames) { SingleReader = true, AllowSynchronousContinuations = true });
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
            work.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await CarryOutAllAsync();
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

    /// <summary>
    /// Batches are computed here and not in a method of their own: what an asynchronous method needs while it waits is allocated once for
    /// this one, and would be once a batch for another. It goes on wherever it is woken, and so must not keep the scheduler of who wakes it.
    /// </summary>
    private async Task CarryOutAllAsync()
    {
        while (!_stopping.IsCancellationRequested && await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (!_stopping.IsCancellationRequested && _queue.Reader.TryRead(out var work))
            {
                using var done = work;
                if (!TryGetBatch(work, out var batchId, out var input, out var timing))
                {
                    await CarryOutAsync(work.Frame!).ConfigureAwait(false);
                    continue;
                }
                if (FindBrokenSlot(input.Rows.Span) is { } reason)
                {
                    await _output(new FaultFrame(batchId, reason), _stopping.Token).ConfigureAwait(false);
                    continue;
                }
                var (output, failure) = (default(StageOutput), default(Exception));
                try
                {
                    output = await _engine.DecodeAsync(input, _stopping.Token).ConfigureAwait(false);
                }
                catch (Exception exception) when (!_stopping.IsCancellationRequested)
                {
                    failure = exception;
                }
                var deed = failure is null ? "pass on" : "compute";
                try
                {
                    if (failure is null)
                        await PassOn(batchId, input, output, timing).ConfigureAwait(false);
                }
                catch (ArgumentException exception)
                {
                    // No frame can hold it: another batch may do better, and neither engine nor ring is the worse for it.
                    failure = exception;
                }
                if (failure is not null)
                    await FaultAsync(batchId, deed, failure).ConfigureAwait(false);
            }
        }
    }

    /// <returns>False for anything but a batch that can be computed.</returns>
    private bool TryGetBatch(in StageWork work, out long batchId, out StageInput input, out RingTiming timing)
    {
        (batchId, input, timing) = work.Frame switch
        {
            null => (work.BatchId, new StageInput(work.Rows, work.Tokens, default), new RingTiming(0, 0, work.IsAlone)),
            BatchFrame batch => (batch.BatchId, new StageInput(batch.Rows, default, batch.Hidden), batch.Timing),
            _ => default,
        };
        if (timing.IsAlone)
            input = input with { Processor = _turnProcessor };
        return work.Frame is null or BatchFrame;
    }

    private async ValueTask CarryOutAsync(Frame frame)
    {
        switch (frame)
        {
            case OpenFrame open:
                if (!IsLast)
                    await _output(open, _stopping.Token).ConfigureAwait(false);
                else
                    await PrepareSlotAsync(open.Slot, "opened", () => _engine.OpenAsync(open.Slot, open.Sampling, open.History)).ConfigureAwait(false);
                break;
            case ClearFrame clear:
                if (clear.FromPosition == 0)
                    _brokenSlots.Remove(clear.Slot);
                await PrepareSlotAsync(clear.Slot, "cleared", () => _engine.ClearAsync(clear.Slot, clear.FromPosition)).ConfigureAwait(false);
                if (!IsLast)
                    await _output(clear, _stopping.Token).ConfigureAwait(false);
                break;
            case CopyFrame copy:
                await PrepareSlotAsync(
                    copy.TargetSlot, $"filled from slot {copy.SourceSlot}",
                    () => _engine.CopyAsync(copy.SourceSlot, copy.TargetSlot, copy.EndPosition)).ConfigureAwait(false);
                if (!IsLast)
                    await _output(copy, _stopping.Token).ConfigureAwait(false);
                break;
            case FaultFrame fault:
                await _output(fault, _stopping.Token).ConfigureAwait(false);
                break;
            default:
                throw new DataPlaneProtocolException(
                    $"A {frame.Type} frame came round the ring; stages take Open, Batch, Clear, Copy and Fault.");
        }
    }

    private ValueTask PassOn(long batchId, in StageInput input, in StageOutput output, RingTiming before)
    {
        _consecutiveFaults = 0;
        var timing = before.Then(output.ComputeMicroseconds);
        if (IsLast)
        {
            (_tokens.BatchId, _tokens.Timing, _tokens.Tokens) = (batchId, timing, output.Tokens);
            return _output(_tokens, _stopping.Token);
        }
        (_batch.BatchId, _batch.Timing, _batch.Rows, _batch.Hidden) = (batchId, timing, input.Rows, output.Hidden);
        return _output(_batch, _stopping.Token);
    }

    private async ValueTask FaultAsync(long batchId, string deed, Exception exception)
    {
        LogBatchFailed(exception, _assignment.Pipeline, _assignment.Stage, deed, batchId);
        var reason = $"Stage {_assignment.Stage} could not {deed} a batch: {exception.Message}";
        await _output(new FaultFrame(batchId, reason), _stopping.Token).ConfigureAwait(false);
        // A refused argument says nothing of the engine; a computation that fails again and again does.
        if (exception is not ArgumentException && ++_consecutiveFaults == _consecutiveFaultLimit)
            _onFailed($"stage {_assignment.Stage} failed to compute {_consecutiveFaults} times in a row: {exception.Message}", true);
    }

    private async ValueTask PrepareSlotAsync(int slot, string deed, Func<ValueTask> prepare)
    {
        try
        {
            await prepare().ConfigureAwait(false);
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

    [LoggerMessage(21, LogLevel.Error, "Stage {Stage} of {Pipeline} failed and stops.")]
    private partial void LogRuntimeFailed(Exception exception, string pipeline, int stage);

    [LoggerMessage(22, LogLevel.Warning, "Stage {Stage} of {Pipeline} could not {Deed} batch {BatchId}; its sequences fail.")]
    private partial void LogBatchFailed(Exception exception, string pipeline, int stage, string deed, long batchId);

    [LoggerMessage(23, LogLevel.Warning, "Stage {Stage} of {Pipeline} could not prepare slot {Slot}; batches that use it fail.")]
    private partial void LogSlotFailed(Exception exception, string pipeline, int stage, int slot);
}
