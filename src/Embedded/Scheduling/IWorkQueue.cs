using Microsoft.Extensions.Logging;

namespace OrleansInference.Embedded.Scheduling;

/// <summary>Where the engine's work runs: threads, or in simulation one thread in an order that a seed decides.</summary>
internal interface IWorkQueue
{
    /// <summary>Runs the engine's own asynchronous work; never a turn of a grain.</summary>
    TaskScheduler Scheduler { get; }

    /// <summary>Where what waits for a call goes on when the call has ended.</summary>
    TaskCreationOptions Completion { get; }

    void Enqueue(IThreadPoolWorkItem item);

    /// <summary>Told of each task, by the thread that brings it, before its item is queued; an item that is queued is not queued again.</summary>
    void OnTask();
}

internal sealed class ThreadPoolWorkQueue : IWorkQueue
{
    public TaskScheduler Scheduler => TaskScheduler.Default;

    public TaskCreationOptions Completion => TaskCreationOptions.RunContinuationsAsynchronously;

    public void Enqueue(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    public void OnTask()
    {
    }
}

internal static class WorkExtensions
{
    /// <summary>Starts work that nobody waits for, and logs what goes wrong with it.</summary>
    public static void Post(this IWorkQueue queue, Func<Task> work, ILogger logger) => queue.RunAsync(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            logger.BackgroundWorkFailed(e);
        }
    });

    public static Task RunAsync(this IWorkQueue queue, Func<Task> work) => queue.Scheduler.RunAsync(work);

    /// <summary>As <see cref="Start"/>, and completes when the work has.</summary>
    public static Task RunAsync(this TaskScheduler scheduler, Func<Task> work) => scheduler.Start(work).Unwrap();

    /// <summary>Starts work outside of the turn, and of the request context, that the caller may be in.</summary>
    public static Task<Task> Start(this TaskScheduler scheduler, Func<Task> work)
    {
        using var _ = ExecutionContext.SuppressFlow();
        return Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
    }

    /// <summary>Follows a task on the caller's scheduler, where WhenAll and WaitAsync might go to the thread pool.</summary>
    public static async Task FollowAsync(this Task task) => await task;
}
