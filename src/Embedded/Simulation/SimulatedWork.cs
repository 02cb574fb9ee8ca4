using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Simulation;

/// <summary>A process's work, on the simulation's thread instead of the thread pool.</summary>
internal sealed class SimulatedWork : IWorkQueue
{
    private readonly SimulatedProcess _process;
    private readonly LoopScheduler _scheduler;

    public SimulatedWork(SimulatedProcess process) => (_process, _scheduler) = (process, new LoopScheduler(process));

    public TaskScheduler Scheduler => _scheduler;

    // Continuations are queued to the schedulers that they belong to anyway. Asked to run them elsewhere, what is no await (WhenAll,
    // WaitAsync) would go to the thread pool.
    public TaskCreationOptions Completion => TaskCreationOptions.None;

    public void Enqueue(IThreadPoolWorkItem item) => _process.Loop.Enqueue(new ReadyWork(_process, item));

    public void OnTask() => _process.Loop.IsOnThread("Work");

    internal void Execute(Task task) => _scheduler.Execute(task);

    private sealed class LoopScheduler(SimulatedProcess process) : TaskScheduler
    {
        public override int MaximumConcurrencyLevel => 1;

        public void Execute(Task task) => TryExecuteTask(task);

        protected override void QueueTask(Task task) => process.Loop.Enqueue(new ReadyWork(process, task));

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
            !taskWasPreviouslyQueued && Current == this && TryExecuteTask(task);

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
