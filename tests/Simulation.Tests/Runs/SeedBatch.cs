using OrleansInference.Embedded.Simulation;
using OrleansInference.Simulation.Tests.Checks;

namespace OrleansInference.Simulation.Tests.Runs;

/// <summary>Many seeds, each on one thread, as many at once as there are processors.</summary>
internal static class SeedBatch
{
    /// <param name="progress">Called after every seed, from any thread, with how many are done and what failed.</param>
    /// <returns>What all runs amounted to, and the failures by seed.</returns>
    public static (RunReport Report, SortedDictionary<int, string> Failures) Run(int first, int count, Action<int, string?>? progress = null)
    {
        var (report, failures, gate) = (new RunReport(), new SortedDictionary<int, string>(), new Lock());
        var (next, done) = (first - 1, 0);
        var threads = Enumerable.Range(0, Math.Min(Environment.ProcessorCount, count)).Select(_ => new Thread(Work)).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        return (report, failures);

        void Work()
        {
            while (Interlocked.Increment(ref next) is var seed && seed < first + count)
            {
                string? failure = null;
                Processors.Use(() => failure = RunOne(seed));
                progress?.Invoke(Interlocked.Increment(ref done), failure);
            }
        }

        string? RunOne(int seed)
        {
            try
            {
                var (_, one) = SeedRun.Run(seed);
                lock (gate)
                    report.Add(one);
                return null;
            }
            catch (SimulationException exception)
            {
                lock (gate)
                    return failures[seed] = exception.Message;
            }
        }
    }
}
