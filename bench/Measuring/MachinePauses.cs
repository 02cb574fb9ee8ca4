using System.Diagnostics;

namespace OrleansInference.Bench.Measuring;

/// <summary>
/// How often a machine stops a thread that waits for nothing, because something else has its processor, or, in a virtual machine, because
/// the host has. Whatever is under way then comes later by as much.
/// </summary>
internal static class MachinePauses
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    /// <summary>Pauses of a millisecond and more, a second on each processor. Takes two seconds of all processors.</summary>
    public static async Task<double> MeasureAsync()
    {
        var watches = Enumerable.Range(0, Environment.ProcessorCount)
            .Select(static _ => Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return (await Task.WhenAll(watches)).Average() / Watched.TotalSeconds;
    }

    /// <summary>Does nothing but read the clock.</summary>
    private static int Watch()
    {
        var pauses = 0;
        for (long started = Stopwatch.GetTimestamp(), last = started; Stopwatch.GetElapsedTime(started, last) < Watched;)
        {
            var now = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(last, now) > Least)
                pauses++;
            last = now;
        }

        return pauses;
    }
}
