using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <summary>Runs the tasks of one activation one at a time, with what follows their awaits: a grain never runs on two threads.</summary>
internal sealed class ActivationScheduler(Activation activation, IWorkQueue queue) : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>Tasks run before other activations get their turn.</summary>
    private const int TasksPerSlice = 64;

    [ThreadStatic]
    private static ActivationScheduler? _executing;

    private readonly Lock _lock = new();
    private readonly Queue<Task> _tasks = [];
    private bool _isScheduled;

    public Activation Activation { get; } = activation;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Starts work as a task of the activation, outside of the caller's request context.</summary>
    public Task<Task> Start(Func<object?, Task> work, object? state)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Factory.StartNew(work, state, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);
        using (ExecutionContext.SuppressFlow())
            return Task.Factory.StartNew(work, state, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);
    }

    /// <summary>As <see cref="Start"/>, and completes when the work has.</summary>
    public Task RunAsync(Func<Task> work) => Start(static state => ((Func<Task>)state!)(), work).Unwrap();

    void IThreadPoolWorkItem.Execute()
    {
        _executing = this;
        for (var i = 0; i < TasksPerSlice && TryTake(out var task); i++)
            TryExecuteTask(task);
        _executing = null;
        lock (_lock)
        {
            _isScheduled = _tasks.Count > 0;
            if (!_isScheduled)
                return;
        }
        queue.Enqueue(this);
    }

    protected override void QueueTask(Task task)
    {
        queue.OnTask();
        lock (_lock)
        {
            _tasks.Enqueue(task);
            if (_isScheduled)
                return;
            _isScheduled = true;
        }
        queue.Enqueue(this);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && _executing == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
            return [.. _tasks];
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Task? task)
    {
        lock (_lock)
            return _tasks.TryDequeue(out task);
    }
}
