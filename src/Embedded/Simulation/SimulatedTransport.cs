using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Simulation;

/// <summary>A silo's end of the simulated network.</summary>
internal sealed class SimulatedTransport(SimulatedNetwork network, SimulatedProcess process) : ITransport
{
    private readonly Dictionary<SiloAddress, SimulatedConnection> _outbound = [];
    private SiloPeers _peers = null!;

    public SimulatedProcess Process => process;

    public SiloAddress Silo { get; private set; } = SiloAddress.Zero;

    /// <summary>When the last of the frames arrives that are on their way here.</summary>
    internal long LatestArrival { get; set; }

    public IEnumerable<SimulatedConnection> Outbound => _outbound.Values;

    public Task ListenAsync(Member self, SiloPeers peers)
    {
        (_peers, Silo) = (peers, self.Silo);
        network.Listen(this);
        return Task.CompletedTask;
    }

    // Connections are as many as pairs of silos, so they are only made when something is sent; their ends are noticed all the same.
    public Task ConnectAsync(SiloAddress to) => network.Find(process, to) is not null || _outbound.ContainsKey(to)
        ? Task.CompletedTask
        : Task.FromException(Unreachable(to));

    public Task SendAsync(SiloAddress to, FrameKind kind, ReadOnlyMemory<byte> body)
    {
        try
        {
            Open(to).Send(kind, body);
            return Task.CompletedTask;
        }
        catch (IOException exception)
        {
            return Task.FromException(exception);
        }
    }

    // The end of a silo is noticed after what it had sent, unless that is lost.
    public Task TakeRestAsync(SiloAddress from) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    internal void End() => network.End(this);

    internal void OnFrame(SiloAddress from, FrameKind kind, ReadOnlyMemory<byte> body) => _peers.OnFrame(from, kind, body);

    internal void Forget(SimulatedConnection connection) => _outbound.Remove(connection.To.Silo);

    internal void OnPeerEnded(SimulatedTransport peer, bool deliversRest)
    {
        _outbound.Remove(peer.Silo);
        NotifyLost(peer.Silo, peer._outbound.TryGetValue(Silo, out var inbound) ? inbound.End(deliversRest) : network.DrawArrival());
    }

    internal void NotifyLost(SiloAddress peer, long atTicks) => network.Loop.Schedule(new ConnectionLost(this, peer), atTicks);

    private SimulatedConnection Open(SiloAddress to)
    {
        if (_outbound.TryGetValue(to, out var known))
            return known;
        var peer = network.Find(process, to) ?? throw Unreachable(to);
        var connection = new SimulatedConnection(network, this, peer);
        _outbound.Add(to, connection);
        connection.Send(FrameKind.Hello, default);
        return connection;
    }

    private ConnectFailedException Unreachable(SiloAddress to) => new($"Silo {to} cannot be reached from {Silo}.");

    private sealed class ConnectionLost(SimulatedTransport transport, SiloAddress peer) : SimulatedEvent(transport.Process)
    {
        public override EventKind Kind => EventKind.ConnectionLost;

        public override void Run() => transport._peers.OnConnectionLost(peer);
    }
}
