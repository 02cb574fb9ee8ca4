using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

/// <summary>Counts its period from the end of a callback, so that callbacks of one timer never pile up.</summary>
internal sealed class GrainTimer : Turn, IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _disposed = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private TimeSpan _period;
    private TimeSpan _next;
    private bool _isDue;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
        : base(options.Interleave, options.KeepAlive)
    {
        (_activation, _callback) = (activation, callback);
        _timer = activation.Host.Time.CreateTimer(
            static timer => ((GrainTimer)timer!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Change(options.DueTime, options.Period);
        activation.TimersEnd += Dispose;
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        lock (_lock)
        {
            (_next, _period) = (dueTime, period);
            if (!_isDue)
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _activation.TimersEnd -= Dispose;
        _timer.Dispose();
        _disposed.Cancel();
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
            activation.Host.Logger.TimerCallbackFailed(e, activation.GrainId);
        }
        lock (_lock)
        {
            _isDue = false;
            _timer.Change(_next, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDue()
    {
        lock (_lock)
        {
            if (_isDue || _disposed.IsCancellationRequested)
                return;
            (_isDue, _next) = (true, _period);
        }
        _activation.TryEnqueue(this);
    }
}
