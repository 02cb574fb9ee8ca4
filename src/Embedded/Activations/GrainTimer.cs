using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

/// <summary>Counts its period from the end of a callback, so that callbacks of one timer never pile up.</summary>
internal sealed class GrainTimer : Turn, IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _disposed = new();
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private TimeSpan _period;
    private bool _isDue;
    private TimeSpan? _nextDueTime;

    public GrainTimer(
        Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options, TimeProvider time, ILogger logger)
    {
        Check(options.DueTime, options.Period);
        _activation = activation;
        _callback = callback;
        _options = options;
        _logger = logger;
        _period = options.Period;

        // Started only when there is a timer to restart: it may be due at once.
        _timer = time.CreateTimer(
            static timer => ((GrainTimer)timer!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(options.DueTime, Timeout.InfiniteTimeSpan);
    }

    public override bool Interleaves => _options.Interleave;

    public override bool KeepsAlive => _options.KeepAlive;

    public override bool IsBounded => false;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, period);
        lock (_lock)
        {
            _period = period;
            if (_isDue)
                _nextDueTime = dueTime;
            else if (!_disposed.IsCancellationRequested)
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed.IsCancellationRequested)
                return;
            _timer.Dispose();
        }
        _disposed.Cancel();
        _activation.Forget(this);
    }

    public override async Task RunAsync(Activation activation)
    {
        try
        {
            if (!_disposed.IsCancellationRequested)
                await _callback(_disposed.Token);
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            // The timer was disposed, and its callback has stopped as asked.
        }
        catch (Exception e)
        {
            _logger.TimerCallbackFailed(e, _activation.GrainId);
        }
        OnRun();
    }

    public override void Refuse(TurnRefusal refusal)
    {
        // The timer ends with its activation.
    }

    private void OnDue()
    {
        lock (_lock)
        {
            if (_isDue || _disposed.IsCancellationRequested)
                return;
            _isDue = true;
        }
        _activation.TryEnqueue(this);
    }

    private void OnRun()
    {
        lock (_lock)
        {
            _isDue = false;
            if (!_disposed.IsCancellationRequested)
                _timer.Change(_nextDueTime ?? _period, Timeout.InfiniteTimeSpan);
            _nextDueTime = null;
        }
    }

    private static void Check(TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero && dueTime != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(dueTime), dueTime, "The due time of a timer is zero or more, or infinite.");
        if (period < TimeSpan.Zero && period != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(period), period, "The period of a timer is zero or more, or infinite.");
    }
}
