namespace OrleansInference.Embedded.Simulation;

/// <summary>A process's view of the virtual clock. All processes are on one machine, so it is the same everywhere.</summary>
internal sealed class SimulatedTime(SimulatedProcess process) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Start + new TimeSpan(GetTimestamp());

    public override long GetTimestamp()
    {
        process.Loop.IsOnThread("A look at the clock");
        return process.Loop.NowTicks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(SimulatedProcess process, TimerCallback callback, object? state) : SimulatedEvent(process), ITimer
    {
        private TimeSpan _period;
        private bool _isScheduled;
        private bool _isDisposed;

        public override EventKind Kind => EventKind.Timer;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_isDisposed || !Process.Loop.IsOnThread("A timer"))
                return false;
            _period = period;
            Cancel();
            if (dueTime != Timeout.InfiniteTimeSpan)
                Schedule(dueTime);
            return true;
        }

        public override void Run()
        {
            _isScheduled = false;
            if (_period > TimeSpan.Zero)
                Schedule(_period);
            callback(state);
        }

        public void Dispose()
        {
            if (_isDisposed || !Process.Loop.IsOnThread("The end of a timer"))
                return;
            _isDisposed = true;
            Cancel();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Schedule(TimeSpan delay)
        {
            _isScheduled = true;
            Process.Loop.Schedule(this, Process.Loop.NowTicks + delay.Ticks);
        }

        private void Cancel()
        {
            Version++;
            if (_isScheduled)
                Process.Loop.OnCancelled();
            _isScheduled = false;
        }
    }
}
