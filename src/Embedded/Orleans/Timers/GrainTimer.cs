using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>Ends with <see cref="IDisposable.Dispose"/> and with its activation.</summary>
public interface IGrainTimer : IDisposable
{
    void Change(TimeSpan dueTime, TimeSpan period);
}

public readonly struct GrainTimerCreationOptions()
{
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this()
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Time to the first callback; <see cref="Timeout.InfiniteTimeSpan"/> does not start the timer.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>Time from the end of a callback to the next; <see cref="Timeout.InfiniteTimeSpan"/> calls back once.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether a callback may run while the grain is in a call.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether callbacks keep the grain from being collected as idle.</summary>
    public bool KeepAlive { get; init; }
}
