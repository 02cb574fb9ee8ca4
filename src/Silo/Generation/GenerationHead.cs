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
    private readonly StageAssignment assignment;
    private readonly ChannelWriter<StageWork> ring;
    private readonly Action<string> onRingLost;
    private readonly HeadOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Scheduler scheduler;
    private readonly PromptPreparer preparer;
    private readonly Channel<Completion> unprepared;
    private readonly WakeSignal wake = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task preparing;
    private readonly Task scheduling;
    private volatile GenerationError? endError;
    private volatile bool isProven;
    private volatile bool isDraining;
    private int liveCount;

    /// <param name="ring">Where the first stage takes its work from.</param>
    /// <param name="onRingLost">Told when the ring stops answering.</param>
    public GenerationHead(
        StageAssignment assignment, ITokenizer tokenizer, ChannelWriter<StageWork> ring, Action<string> onRingLost, HeadOptions options,
        TimeProvider time, ILogger logger)
    {
        this.assignment = assignment;
        this.ring = ring;
        this.onRingLost = onRingLost;
        this.options = options;
        this.time = time;
        this.logger = logger;
        scheduler = new Scheduler(assignment, tokenizer, options, time);
        var positions = Math.Min(assignment.ContextLength, assignment.CellCount);
        preparer = new PromptPreparer(tokenizer, positions, assignment.MaximumBatchRows, options.StopTextCharacters);
        unprepared = Channel.CreateBounded<Completion>(LiveLimit);
        preparing = Task.Run(PrepareAsync);
        scheduling = Task.Run(ScheduleAsync);
    }

    public int BusySlots => scheduler.BusySlots;

    public int QueuedRequests => Math.Max(0, Volatile.Read(ref liveCount) - BusySlots);

    /// <summary>Requests that may run and wait together.</summary>
    public int LiveLimit => assignment.SlotCount + options.QueueLength;

    private GenerationError? Refusal => endError is { } error ? Unready(error.Message)
        : isDraining ? Unready("The silo is stopping.")
        : isProven ? null
        : Unready("The pipeline has not been proven yet.");

    /// <summary>Takes a completion in, or says why not.</summary>
    public GenerationError? Submit(Completion completion)
    {
        if (Refusal is { } reason)
            return reason;
        if (Interlocked.Increment(ref liveCount) > LiveLimit)
        {
            CountDown();
            return QueueFull();
        }
        if (!unprepared.Writer.TryWrite(completion))
        {
            CountDown();
            return Refusal ?? QueueFull();
        }
        _ = completion.Finished.ContinueWith(_ => CountDown(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return null;
    }

    public GenerationError QueueFull() => new(
        GenerationErrorCode.QueueFull, $"{LiveLimit} requests run or wait already; that is the limit.", options.RetryAfterMilliseconds);

    /// <summary>The completion ends and its slot is free within one step.</summary>
    public void Cancel(Completion completion)
    {
        completion.Cancel();
        wake.Set();
    }

    /// <summary>A completion's outbox was emptied, so it may go on.</summary>
    public void Resume() => wake.Set();

    /// <summary>A Tokens or Fault frame from the last stage.</summary>
    public void Answer(Frame answer)
    {
        scheduler.Answer(answer);
        wake.Set();
    }

    /// <summary>Sends one token round the ring; when it is back, requests are let in.</summary>
    /// <exception cref="ShardUnavailableException">It did not come back.</exception>
    public async Task ProveAsync(CancellationToken cancellation)
    {
        if (endError is { } ended)
            throw new ShardUnavailableException(ended.Message);
        if (isProven)
            return;
        var request = new GenerationRequest { PromptTokens = [0], Sampling = SamplingParameters.Greedy, MaximumTokens = 1 };
        var proof = new Completion(requestId: 0, request, outboxTokens: 1, onOutput: null) { Prompt = new PreparedPrompt([0], 1, 1, "", null) };
        scheduler.Add(proof);
        wake.Set();
        try
        {
            var finish = await proof.Finished.WaitAsync(TimeSpan.FromSeconds(options.ProofTimeoutSeconds), time, cancellation);
            if (finish.Error is { } error)
                throw new ShardUnavailableException($"The proving token failed: {error.Message}");
        }
        catch (TimeoutException)
        {
            Cancel(proof);
            throw new ShardUnavailableException($"The proving token did not come round the ring within {options.ProofTimeoutSeconds} seconds.");
        }
        catch (OperationCanceledException)
        {
            Cancel(proof);
            throw;
        }
        isProven = true;
        LogProven(assignment.Pipeline, assignment.Epoch);
    }

    /// <summary>Fails all requests: the ring is lost. Further ones are refused.</summary>
    public void Lose(string reason) => End(
        new GenerationError(GenerationErrorCode.StageLost, $"A stage of the pipeline was lost: {reason}", options.RetryAfterMilliseconds));

    /// <summary>Lets what runs go on for a bounded time, and no new request in.</summary>
    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        isDraining = true;
        if (Volatile.Read(ref liveCount) == 0)
            return;
        await Task.WhenAny(drained.Task, Task.Delay(limit, time, cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        End(Unready("The pipeline has been retired or planned anew."));
        await preparing;
        await scheduling;
        stopping.Dispose();
    }

    private void End(GenerationError error)
    {
        if (Interlocked.CompareExchange(ref endError, error, null) is not null)
            return;
        unprepared.Writer.TryComplete();
        stopping.Cancel();
    }

    private GenerationError Unready(string message) => new(GenerationErrorCode.NotReady, message, options.RetryAfterMilliseconds);

    private void CountDown()
    {
        if (Interlocked.Decrement(ref liveCount) == 0 && isDraining)
            drained.TrySetResult();
    }

    /// <summary>Templates and tokenizes, away from the steps of running streams.</summary>
    private async Task PrepareAsync()
    {
        await foreach (var completion in unprepared.Reader.ReadAllAsync())
        {
            if (endError is { } error)
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
            var prompt = preparer.Prepare(completion.Request);
            if (prompt.Error is { } error)
            {
                completion.Finish(FinishReason.Error, error);
                return;
            }
            completion.Prompt = prompt;
            scheduler.Add(completion);
            wake.Set();
        }
        catch (Exception exception)
        {
            LogPromptFailed(exception, assignment.Pipeline);
            completion.Finish(FinishReason.Error, new GenerationError(GenerationErrorCode.Internal, "The prompt could not be prepared."));
        }
    }

    private async Task ScheduleAsync()
    {
        var period = TimeSpan.FromSeconds(Math.Min(1, Math.Min(options.BatchTimeoutSeconds, options.PauseTimeoutSeconds) / 4));
        await using var watchdog = time.CreateTimer(_ => wake.Set(), null, period, period);
        try
        {
            while (true)
            {
                foreach (var work in scheduler.Step())
                    await ring.WriteAsync(work, stopping.Token);
                await wake.WaitAsync(stopping.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException && stopping.IsCancellationRequested)
        {
            // Ended on purpose; what is left is failed below.
        }
        catch (Exception exception)
        {
            LogRingFailed(exception, assignment.Pipeline, assignment.Epoch);
            Lose(exception.Message);
            onRingLost(exception.Message);
        }
        await preparing;
        scheduler.FailAll(endError!);
    }
}
