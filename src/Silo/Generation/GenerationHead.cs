using System.Threading.Channels;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// The sequences of one pipeline in one epoch. Takes requests once a token went round the ring, and none after the ring is lost.
/// </summary>
internal sealed partial class GenerationHead : IAsyncDisposable
{
    private readonly StageAssignment _assignment;
    private readonly ChannelWriter<StageWork> _ring;
    private readonly Action<string> _onRingLost;
    private readonly HeadOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Scheduler _scheduler;
    private readonly PromptPreparer _preparer;
    private readonly Channel<Completion> _unprepared;
    private readonly WakeSignal _wake = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _preparing;
    private readonly Task _scheduling;
    private volatile GenerationError? _endError;
    private volatile bool _isProven;
    private volatile bool _isDraining;
    private int _liveCount;

    /// <param name="hasSlidingWindow">Whether some of the model's layers see only the latest positions.</param>
    /// <param name="ring">Where the first stage takes its work from.</param>
    /// <param name="onRingLost">Told when the ring stops answering.</param>
    public GenerationHead(
        StageAssignment assignment, ITokenizer tokenizer, bool hasSlidingWindow, ChannelWriter<StageWork> ring, Action<string> onRingLost,
        HeadOptions options, TimeProvider time, ILogger logger)
    {
        _assignment = assignment;
        _ring = ring;
        _onRingLost = onRingLost;
        _options = options;
        _time = time;
        _logger = logger;
        _scheduler = new Scheduler(_assignment, tokenizer, hasSlidingWindow, _options, _time);
        var positions = Math.Min(_assignment.ContextLength, _assignment.CellCount);
        _preparer = new PromptPreparer(tokenizer, positions, _assignment.MaximumBatchRows, _options.StopTextCharacters);
        _unprepared = Channel.CreateBounded<Completion>(LiveLimit);
        _preparing = Task.Run(PrepareAsync);
        _scheduling = Task.Run(ScheduleAsync);
    }

    public int BusySlots => _scheduler.BusySlots;

    public int QueuedRequests => Math.Max(0, Volatile.Read(ref _liveCount) - BusySlots);

    /// <summary>Requests that may run and wait together.</summary>
    public int LiveLimit => _assignment.SlotCount + _assignment.QueueLength;

    private GenerationError? Refusal => _endError is { } error ? Unready(error.Message)
        : _isDraining ? Unready("The silo is stopping.")
        : _isProven ? null
        : Unready("The pipeline has not been proven yet.");

    /// <summary>Takes a completion in, or says why not.</summary>
    public GenerationError? Submit(Completion completion)
    {
        if (Refusal is { } reason)
            return reason;
        if (Interlocked.Increment(ref _liveCount) > LiveLimit)
        {
            CountDown();
            return QueueFull();
        }
        if (!_unprepared.Writer.TryWrite(completion))
        {
            CountDown();
            return Refusal ?? QueueFull();
        }
        _ = completion.Finished.ContinueWith(_ => CountDown(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return null;
    }

    public GenerationError QueueFull() => new(
        GenerationErrorCode.QueueFull, $"{LiveLimit} requests run or wait already; that is the limit.", _options.RetryAfterMilliseconds);

    /// <summary>The completion ends and its slot is free within one step.</summary>
    public void Cancel(Completion completion)
    {
        completion.Cancel();
        _wake.Set();
    }

    /// <summary>A completion's outbox was emptied, so it may go on.</summary>
    public void Resume() => _wake.Set();

    /// <summary>A Tokens or Fault frame from the last stage.</summary>
    public void Answer(Frame answer)
    {
        _scheduler.Answer(answer);
        _wake.Set();
    }

    /// <summary>Sends one token round the ring; when it is back, requests are let in.</summary>
    /// <exception cref="ShardUnavailableException">It did not come back.</exception>
    public async Task ProveAsync(CancellationToken cancellation)
    {
        if (_endError is { } ended)
            throw new ShardUnavailableException(ended.Message);
        if (_isProven)
            return;
        var request = new GenerationRequest { PromptTokens = [0], Sampling = SamplingParameters.Greedy, MaximumTokens = 1 };
        var proof = new Completion(requestId: 0, request, outboxTokens: 1, onOutput: null)
        {
            Prompt = new PreparedPrompt([0], MaximumTokens: 1, ChunkRows: 1, Echo: "", Error: null),
        };
        _scheduler.Add(proof);
        _wake.Set();
        try
        {
            var finish = await proof.Finished.WaitAsync(TimeSpan.FromSeconds(_options.ProofTimeoutSeconds), _time, cancellation);
            if (finish.Error is { } error)
                throw new ShardUnavailableException($"The proving token failed: {error.Message}");
        }
        catch (TimeoutException)
        {
            Cancel(proof);
            throw new ShardUnavailableException(
                $"The proving token did not come round the ring within {_options.ProofTimeoutSeconds} seconds.");
        }
        catch (OperationCanceledException)
        {
            Cancel(proof);
            throw;
        }
        _isProven = true;
        LogProven(_assignment.Pipeline, _assignment.Epoch);
    }

    /// <summary>Fails all requests: the ring is lost. Further ones are refused.</summary>
    public void Lose(string reason) => End(
        new GenerationError(GenerationErrorCode.StageLost, $"A stage of the pipeline was lost: {reason}", _options.RetryAfterMilliseconds));

    /// <summary>Lets what runs go on for a bounded time, and no new request in.</summary>
    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        _isDraining = true;
        if (Volatile.Read(ref _liveCount) == 0)
            return;
        await Task.WhenAny(_drained.Task, Task.Delay(limit, _time, cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        End(Unready("The pipeline has been retired or planned anew."));
        await _preparing;
        await _scheduling;
        _stopping.Dispose();
    }

    private void End(GenerationError error)
    {
        if (Interlocked.CompareExchange(ref _endError, error, null) is not null)
            return;
        _unprepared.Writer.TryComplete();
        _stopping.Cancel();
    }

    private GenerationError Unready(string message) => new(GenerationErrorCode.NotReady, message, _options.RetryAfterMilliseconds);

    private void CountDown()
    {
        if (Interlocked.Decrement(ref _liveCount) == 0 && _isDraining)
            _drained.TrySetResult();
    }

    /// <summary>Templates and tokenizes, away from the steps of running streams.</summary>
    private async Task PrepareAsync()
    {
        await foreach (var completion in _unprepared.Reader.ReadAllAsync())
        {
            if (_endError is { } error)
                completion.Finish(FinishReason.Error, error);
            else if (completion.IsCancelled)
                completion.Finish(FinishReason.Cancelled);
            else
                Prepare(completion);
        }
    }

    private void Prepare(Completion completion)
    {
        try
        {
            var prompt = _preparer.Prepare(completion.Request);
            if (prompt.Error is { } error)
            {
                completion.Finish(FinishReason.Error, error);
                return;
            }
            completion.Prompt = prompt;
            _scheduler.Add(completion);
            _wake.Set();
        }
        catch (Exception exception)
        {
            LogPromptFailed(exception, _assignment.Pipeline);
            completion.Finish(FinishReason.Error, new GenerationError(GenerationErrorCode.Internal, "The prompt could not be prepared."));
        }
    }

    /// <summary>Goes on wherever it is woken, and so never keeps the scheduler that the waker happens to run on.</summary>
    private async Task ScheduleAsync()
    {
        var period = TimeSpan.FromSeconds(Math.Min(1, Math.Min(_options.BatchTimeoutSeconds, _options.PauseTimeoutSeconds) / 4));
        await using var watchdog = _time.CreateTimer(_ => _wake.Set(), null, period, period);
        try
        {
            while (true)
            {
                var steps = _scheduler.Step();
                for (var index = 0; index < steps.Count; index++)
                    await WriteAsync(steps[index]).ConfigureAwait(false);
                await _wake.WaitAsync(_stopping.Token).ConfigureAwait(false);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // Ended on purpose; what is left is failed below.
        }
        catch (Exception exception)
        {
            LogRingFailed(exception, _assignment.Pipeline, _assignment.Epoch);
            Lose(exception.Message);
            _onRingLost(exception.Message);
        }
        await _preparing;
        _scheduler.FailAll(_endError!);
    }

    /// <summary>The queue of a stage that hangs fills up while clients come and go; no step would notice then that nothing is answered.</summary>
    private async ValueTask WriteAsync(StageWork work)
    {
        if (_ring.TryWrite(work))
            return;
        var limit = TimeSpan.FromSeconds(_options.BatchTimeoutSeconds);
        try
        {
            await _ring.WriteAsync(work, _stopping.Token).AsTask().WaitAsync(limit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The first stage took no work within {limit.TotalSeconds} seconds.");
        }
    }
}
