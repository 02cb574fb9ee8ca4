using System.Collections.Concurrent;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>Time in which nothing is due until the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly ConcurrentDictionary<ManualTimer, TimeSpan> _periods = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Has every timer of a period fire once.</summary>
    public void Fire(TimeSpan period)
    {
        foreach (var timer in _periods.Where(timer => timer.Value == period).Select(timer => timer.Key))
            timer.Fire();
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time._periods[this] = period;
            return true;
        }

        public void Dispose() => time._periods.TryRemove(this, out _);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
