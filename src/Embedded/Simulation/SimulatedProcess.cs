using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Simulation;

/// <summary>
/// What a process is to the simulation: the owner of timers, work and arriving frames. When it is killed they never happen, as nothing
/// of a killed process does; while it is frozen they wait.
/// </summary>
internal sealed class SimulatedProcess
{
    private readonly List<object> _held = [];

    public SimulatedProcess(SimulationLoop loop, int number, string name)
    {
        (Loop, Number, Name) = (loop, number, name);
        Time = new SimulatedTime(this);
        Work = new LoopScheduler(this);
    }

    public SimulationLoop Loop { get; }

    public int Number { get; }

    public string Name { get; }

    public SimulatedTime Time { get; }

    public LoopScheduler Work { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsFrozen { get; private set; }

    /// <summary>Runs asynchronous work of the process.</summary>
    public Task RunAsync(Func<Task> work) => Work.RunAsync(work);

    public void Kill() => IsAlive = false;

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        foreach (var held in _held)
        {
            if (held is ScheduledEvent scheduled)
                Loop.Reschedule(scheduled);
            else
                Loop.Enqueue((ReadyWork)held);
        }
        _held.Clear();
    }

    internal void Hold(object waiting) => _held.Add(waiting);
}
