using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

/// <summary>Counts its period from the end of a callback, so that callbacks of one timer never pile up.</summary>
internal sealed class GrainTimer : Turn, IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _disposed = new();
    private readonly ITimer _timer;
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

    /// <summary>While the callback runs, the new due time counts from its end.</summary>
    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        (_next, _period) = (dueTime, period);
        if (!Volatile.Read(ref _isDue))
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _activation.TimersEnd -= Dispose;
        _timer.Dispose();
        _disposed.Cancel();
    }

    public override async Task RunAsync(Activation activation)
    {
        _next = _period;
        try
        {
            if (!_disposed.IsCancellationRequested)
                await _callback(_disposed.Token);
        }
        catch (Exception e)
        {
            // A timer that was disposed has asked its callback to stop.
            if (e is not OperationCanceledException || !_disposed.IsCancellationRequested)
                activation.Host.Logger.GrainFailed(e, "A timer callback", activation.GrainId);
        }
        Volatile.Write(ref _isDue, false);
        _timer.Change(_next, Timeout.InfiniteTimeSpan);
    }

    private void OnDue()
    {
        if (!Interlocked.Exchange(ref _isDue, true))
            _activation.TryEnqueue(this);
    }
}
