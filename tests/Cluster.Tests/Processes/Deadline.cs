using System.Diagnostics;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>Waits for something to come true.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> UntilAsync(TimeSpan bound, string what, Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > bound)
                throw new TimeoutException($"Not within {bound.TotalSeconds} s: {what}.");
            await Task.Delay(Period, TestContext.Current.CancellationToken);
        }

        return watch.Elapsed;
    }

    public static Task<TimeSpan> UntilAsync(TimeSpan bound, string what, Func<bool> condition) =>
        UntilAsync(bound, what, () => Task.FromResult(condition()));
}
