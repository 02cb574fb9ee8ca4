namespace OrleansInference.Embedded.Simulation;

/// <summary>Runs a process's work on the simulation's thread instead of the thread pool.</summary>
internal sealed class LoopScheduler(SimulatedProcess process) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    public void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => process.Loop.Enqueue(new ReadyWork(process, task));

    // Activations' schedulers, being on top of this one, ask whether a grain that is at work may go on at once: always by a task with a
    // result. Whether others are asked for depends on the thread, and the order of a simulation must not.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && (Current == this || task is Task<bool>) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
