using System.Diagnostics;
using Orleans.Runtime;

namespace OrleansInference.ActorEngine.Tests;

/// <summary>
/// Calls while grains come and go. Orleans rejects a call that meets a silo as it ends, or that was sent on more than twice. Whether a
/// call that ended with <see cref="SiloUnavailableException"/> has run is not known, so only calls that may run twice are made again.
/// </summary>
public static class Calls
{
    public static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (OrleansMessageRejectionException) when (watch.Elapsed < TestTime.Limit)
            {
                await Task.Delay(10);
            }
        }
    }

    public static Task RetryAsync(Func<Task> call) => RetryAsync(async () =>
    {
        await call();
        return true;
    });
}
