using System.Threading.Tasks.Sources;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Wakes one waiting loop. Signals given while it is busy count as one. A loop that waits goes on at once, on the thread that gives the
/// signal: what it does until it waits again must be short.
/// </summary>
internal sealed class WakeSignal : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _waiter;
    private bool _isWaiting;
    private bool _isSet;
    private CancellationToken _cancellation;

    public void Set()
    {
        lock (_lock)
        {
            _isSet = !_isWaiting;
            if (!_isWaiting)
                return;
            _isWaiting = false;
        }
        _waiter.SetResult(true);
    }

    /// <param name="cancellation">The same one for every wait, so that it is registered with once.</param>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (_cancellation != cancellation)
        {
            _cancellation = cancellation;
            cancellation.UnsafeRegister(static signal => ((WakeSignal)signal!).Set(), this);
        }
        lock (_lock)
        {
            if (cancellation.IsCancellationRequested)
                return ValueTask.FromCanceled(cancellation);
            if (_isSet)
            {
                _isSet = false;
                return ValueTask.CompletedTask;
            }
            _waiter.Reset();
            _isWaiting = true;
            return new ValueTask(this, _waiter.Version);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        _waiter.GetResult(token);
        _cancellation.ThrowIfCancellationRequested();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);
}
