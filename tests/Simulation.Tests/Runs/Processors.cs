namespace OrleansInference.Simulation.Tests.Runs;

/// <summary>Has no more simulations run at once than there are processors, so that each takes no longer than it must.</summary>
internal static class Processors
{
    private static readonly SemaphoreSlim Free = new(Environment.ProcessorCount);

    /// <summary>Runs a simulation on the caller's thread, when there is a processor for it.</summary>
    public static void Use(Action simulation)
    {
        Free.Wait();
        try
        {
            simulation();
        }
        finally
        {
            Free.Release();
        }
    }

    /// <summary>
    /// Runs a simulation on the caller's thread while no other one runs: two that share a machine's caches take a tenth more processor
    /// time each.
    /// </summary>
    public static void UseAlone(Action simulation)
    {
        // One after the other: two that held some each would wait for the rest for ever.
        lock (Free)
        {
            for (var processor = 0; processor < Environment.ProcessorCount; processor++)
                Free.Wait();
        }
        try
        {
            simulation();
        }
        finally
        {
            Free.Release(Environment.ProcessorCount);
        }
    }
}
