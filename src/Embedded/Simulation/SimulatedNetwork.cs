using Orleans.Runtime;

namespace OrleansInference.Embedded.Simulation;

/// <summary>
/// Connections between silos. Frames of one connection keep their order, those of different ones need not. A pair of processes can be
/// parted: either what they send waits until they are joined again, or their connections break and new ones are refused until then.
/// </summary>
internal sealed class SimulatedNetwork(SimulationLoop loop, Random random)
{
    private readonly Dictionary<SiloAddress, SimulatedTransport> _listeners = [];
    private readonly Dictionary<(int, int), Parting> _partings = [];

    public NetworkWeather Weather { get; } = new();

    public SimulationLoop Loop => loop;

    /// <summary>Frames sent.</summary>
    public long Frames { get; internal set; }

    /// <summary>Frames that arrive before one that was sent earlier, on another connection to the same silo.</summary>
    public long Overtaking { get; internal set; }

    /// <summary>Whether processes are parted at the moment.</summary>
    public bool AreParted(SimulatedProcess one, SimulatedProcess other) => _partings.ContainsKey(KeyOf(one, other));

    /// <param name="cuts">Whether connections break, instead of only carrying nothing.</param>
    public void Part(SimulatedProcess one, SimulatedProcess other, bool cuts)
    {
        _partings.TryAdd(KeyOf(one, other), new Parting(cuts));
        if (cuts)
            Break(one, other);
    }

    public void Join(SimulatedProcess one, SimulatedProcess other)
    {
        if (!_partings.Remove(KeyOf(one, other), out var parting))
            return;
        foreach (var frame in parting.Waiting)
            frame.Connection.Deliver(frame);
    }

    /// <summary>Breaks the connections between two processes; they may open new ones at once.</summary>
    public void Break(SimulatedProcess one, SimulatedProcess other)
    {
        foreach (var connection in ConnectionsOf(one).Where(connection => connection.Touches(other)).ToList())
            connection.Break();
    }

    /// <summary>What is left of a process's connections when it is gone, killed or stopped: those of its peers notice.</summary>
    internal void End(SimulatedTransport ended)
    {
        if (!_listeners.Remove(ended.Silo))
            return;
        foreach (var peer in _listeners.Values.ToList())
            peer.OnPeerEnded(ended, deliversRest: random.Next(2) == 0);
    }

    internal void Listen(SimulatedTransport transport) => _listeners.Add(transport.Silo, transport);

    /// <summary>The transport of a silo that listens and can be reached.</summary>
    internal SimulatedTransport? Find(SimulatedProcess from, SiloAddress to) =>
        _listeners.TryGetValue(to, out var listener) && !IsCut(from, listener.Process) ? listener : null;

    internal bool TryHold(FrameDelivery frame, SimulatedProcess from)
    {
        if (_partings.Count == 0 || !_partings.TryGetValue(KeyOf(from, frame.Process), out var parting) || parting.Cuts)
            return false;
        parting.Waiting.Add(frame);
        return true;
    }

    internal long DrawArrival() => loop.NowTicks + Weather.DrawTicks(random);

    private bool IsCut(SimulatedProcess one, SimulatedProcess other) =>
        _partings.Count > 0 && _partings.TryGetValue(KeyOf(one, other), out var parting) && parting.Cuts;

    private IEnumerable<SimulatedConnection> ConnectionsOf(SimulatedProcess process) =>
        _listeners.Values.SelectMany(listener => listener.Outbound).Where(connection => connection.Touches(process));

    private static (int, int) KeyOf(SimulatedProcess one, SimulatedProcess other) =>
        (Math.Min(one.Number, other.Number), Math.Max(one.Number, other.Number));

    private sealed record Parting(bool Cuts)
    {
        public List<FrameDelivery> Waiting { get; } = [];
    }
}
