namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Time that passes when the test says so. Timers fire in the order they are due, at the time they are due.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _now = TimeSpan.FromDays(1).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public int TimerCount
    {
        get
        {
            lock (_lock)
                return _timers.Count;
        }
    }

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan time)
    {
        var end = GetTimestamp() + time.Ticks;
        while (NextDue(end) is { } timer)
        {
            Interlocked.Exchange(ref _now, Math.Max(GetTimestamp(), timer.Due));
            timer.Fire();
        }

        Interlocked.Exchange(ref _now, end);
    }

    /// <summary>Lets time pass as it does for a process that stood still: every timer fires once, late.</summary>
    public void Jump(TimeSpan time)
    {
        Interlocked.Add(ref _now, time.Ticks);
        ManualTimer[] timers;
        lock (_lock)
            timers = [.. _timers.Where(timer => timer.Due <= GetTimestamp())];
        foreach (var timer in timers)
            timer.Fire();
    }

    private ManualTimer? NextDue(long end)
    {
        lock (_lock)
            return _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
    }

    private sealed class ManualTimer(ManualTimeProvider time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; }

        public void Fire()
        {
            lock (time._lock)
            {
                if (_period > TimeSpan.Zero)
                    Due = time.GetTimestamp() + _period.Ticks;
                else
                    time._timers.Remove(this);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time.GetTimestamp() + dueTime.Ticks;
                    time._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
                time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
