namespace OrleansInference.Embedded.Simulation;

/// <summary>Something that happens to a process at a virtual time.</summary>
internal abstract class SimulatedEvent(SimulatedProcess process)
{
    public SimulatedProcess Process { get; } = process;

    public abstract EventKind Kind { get; }

    /// <summary>An event that was scheduled under an older version does not happen.</summary>
    internal int Version { get; private protected set; }

    public abstract void Run();
}

internal enum EventKind
{
    Work,
    Timer,
    Frame,
    ConnectionLost,
    Membership,
    DataPlane,
    Fault,
    Text,
}

/// <summary>When an event happens; of those at one time, the one that was scheduled first.</summary>
internal readonly record struct EventKey(long At, long Sequence) : IComparable<EventKey>
{
    public int CompareTo(EventKey other) => At != other.At ? At.CompareTo(other.At) : Sequence.CompareTo(other.Sequence);
}

internal readonly record struct ScheduledEvent(SimulatedEvent Event, int Version)
{
    /// <summary>Whether it is to happen still.</summary>
    public bool IsCurrent => Version == Event.Version;
}

/// <summary>What a thread pool would run.</summary>
internal readonly record struct ReadyWork(SimulatedProcess Process, Task Task)
{
    public void Run() => Process.Work.Execute(Task);
}
