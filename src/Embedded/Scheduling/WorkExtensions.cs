using Microsoft.Extensions.Logging;

namespace OrleansInference.Embedded.Scheduling;

/// <summary>
/// The engine's work runs on a scheduler among the services: the thread pool's, or in simulation one thread in an order that a seed
/// decides. Turns of grains run on their activations' own schedulers, which take their time from that one.
/// </summary>
internal static class WorkExtensions
{
    /// <summary>
    /// Where what waits for a call goes on when the call has ended. In simulation where that is: WhenAll and WaitAsync would leave its
    /// thread.
    /// </summary>
    public static TaskCreationOptions Completion(this TaskScheduler scheduler) =>
        scheduler == TaskScheduler.Default ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    /// <summary>Starts work that nobody waits for, and logs what goes wrong with it.</summary>
    public static void Post(this TaskScheduler scheduler, Func<Task> work, ILogger logger) => scheduler.RunAsync(async () =>
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

    /// <summary>
    /// Waits until a task has ended, in whatever way, or until the token is cancelled. On the caller's scheduler: WhenAny with a delay
    /// that a token ends goes on in the thread pool.
    /// </summary>
    public static async Task WaitForEndAsync(this Task task, CancellationToken cancellation) => await task.WaitAsync(cancellation)
        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
