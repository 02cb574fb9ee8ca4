namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Lets the slices of one process compute at once only as long as each of their threads has a processor; the others wait, in the order
/// they came. A slice's threads spin while they wait for each other at every tensor, and on shared processors they would spin away
/// the time of the very thread they wait for.
/// </summary>
internal sealed class ComputeGate(int processorCount)
{
    private readonly object _monitor = new();
    private long _nextTicket;
    private long _nextAdmitted;
    private int _busyThreads;

    /// <summary>Waits for a turn. A slice of more threads than there are processors gets one when nothing else computes.</summary>
    public void Enter(int threads)
    {
        lock (_monitor)
        {
            var ticket = _nextTicket++;
            while (ticket != _nextAdmitted || (_busyThreads > 0 && _busyThreads + threads > processorCount))
                Monitor.Wait(_monitor);
            _nextAdmitted++;
            _busyThreads += threads;
            // There may be room for the next in line, too.
            Monitor.PulseAll(_monitor);
        }
    }

    public void Leave(int threads)
    {
        lock (_monitor)
        {
            _busyThreads -= threads;
            Monitor.PulseAll(_monitor);
        }
    }
}
