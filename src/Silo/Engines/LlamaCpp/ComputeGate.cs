namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Lets the slices of one process compute at once only as long as each of their threads has a processor; the others wait, in the order
/// they came. A slice's threads spin while they wait for each other at every tensor, and on shared processors they would spin away
/// the time of the very thread they wait for.
/// </summary>
internal sealed class ComputeGate(int processorCount)
{
    private readonly object _monitor = new();
    private readonly LinkedList<int> _waiting = new();
    private int _busyThreads;

    /// <summary>Waits for a turn. A slice of more threads than there are processors gets one when nothing else computes.</summary>
    /// <param name="isAborted">Whether the turn is no longer wanted; asked again whenever <see cref="Wake"/> is called.</param>
    /// <returns>False when it was no longer wanted; then there is nothing to leave.</returns>
    public bool Enter(int threads, Func<bool> isAborted)
    {
        lock (_monitor)
        {
            if (_waiting.Count > 0 || !Fits(threads))
                return Wait(threads, isAborted);
            _busyThreads += threads;
            return true;
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

    /// <summary>Lets those who wait look whether they are still to.</summary>
    public void Wake()
    {
        lock (_monitor)
            Monitor.PulseAll(_monitor);
    }

    private bool Wait(int threads, Func<bool> isAborted)
    {
        var place = _waiting.AddLast(threads);
        bool isWanted;
        while ((isWanted = !isAborted()) && (place != _waiting.First || !Fits(threads)))
            Monitor.Wait(_monitor);
        _waiting.Remove(place);
        if (isWanted)
            _busyThreads += threads;
        // There may be room for the next in line, too.
        Monitor.PulseAll(_monitor);
        return isWanted;
    }

    private bool Fits(int threads) => _busyThreads == 0 || _busyThreads + threads <= processorCount;
}
