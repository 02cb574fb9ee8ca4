using System.Collections.Concurrent;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <summary>Runs the tasks of one activation one at a time, with what follows their awaits: a grain never runs on two threads.</summary>
internal sealed class ActivationScheduler(Activation activation, IWorkQueue queue) : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>Tasks run before other activations get their turn.</summary>
    private const int TasksPerSlice = 64;

    private readonly ConcurrentQueue<Task> _tasks = new();
    private int _isScheduled;

    public Activation Activation { get; } = activation;

    public override int MaximumConcurrencyLevel => 1;

    void IThreadPoolWorkItem.Execute()
    {
        for (var i = 0; i < TasksPerSlice && _tasks.TryDequeue(out var task); i++)
            TryExecuteTask(task);
        Interlocked.Exchange(ref _isScheduled, 0);
        if (!_tasks.IsEmpty)
            Schedule();
    }

    protected override void QueueTask(Task task)
    {
        queue.OnTask();
        _tasks.Enqueue(task);
        Schedule();
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Current == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _isScheduled, 1) == 0)
            queue.Enqueue(this);
    }
}
