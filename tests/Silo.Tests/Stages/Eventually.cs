using System.Diagnostics;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Waits for a condition that other threads bring about, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    public static async Task AsyncIs(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > s_limit)
                throw new TimeoutException($"Not within {s_limit.TotalSeconds} seconds: {what}.");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The task's result, or a failure that says what did not happen in time.</summary>
    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(s_limit, TestContext.Current.CancellationToken);

    public static Task Within(this Task task) => task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
}
