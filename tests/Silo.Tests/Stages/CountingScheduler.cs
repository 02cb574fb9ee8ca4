namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Runs tasks on the thread pool, as a grain's scheduler does with its turns, and counts them.</summary>
internal sealed class CountingScheduler : TaskScheduler
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    protected override void QueueTask(Task task)
    {
        Interlocked.Increment(ref _count);
        ThreadPool.UnsafeQueueUserWorkItem(_ => TryExecuteTask(task), null);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
