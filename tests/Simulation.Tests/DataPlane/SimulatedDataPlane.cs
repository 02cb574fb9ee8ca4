using OrleansInference.Embedded.Simulation;

namespace OrleansInference.Simulation.Tests.DataPlane;

/// <summary>Connections between stages, and from gateways to heads. A silent neighbour is given up after two seconds, as by pings.</summary>
internal sealed class SimulatedDataPlane(SimulatedCluster cluster, Random random)
{
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, ILinkAcceptor> _listeners = new(StringComparer.Ordinal);
    private readonly List<DataLink> _links = [];

    /// <summary>Frames delivered.</summary>
    public long Frames { get; private set; }

    /// <summary>Frames of a ten thousand that vanish with their connection. Default none.</summary>
    public int BreaksPerTenThousand { get; set; }

    public IReadOnlyList<DataLink> Links => _links;

    private SimulationLoop Loop => cluster.Loop;

    public void Listen(string endpoint, ILinkAcceptor acceptor) => _listeners[endpoint] = acceptor;

    /// <exception cref="LinkException">Nobody listens there, or whoever does refuses.</exception>
    public async Task<DataLink> OpenAsync(SimulatedProcess from, string endpoint, LinkHello hello, CancellationToken cancellation)
    {
        if (!_listeners.TryGetValue(endpoint, out var acceptor) || !acceptor.Process.IsAlive)
            throw new LinkException($"{endpoint} cannot be reached.");
        var link = new DataLink(this, from, acceptor.Process, hello);
        var opened = new TaskCompletionSource();
        if (!AreParted(from, acceptor.Process))
            After(acceptor.Process, () => Accept(link, acceptor, opened));
        try
        {
            await opened.Task.WaitAsync(ConnectTimeout, from.Time, cancellation);
            return link;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            link.Close("nobody waits for it any more");
            throw new LinkException($"{endpoint} does not answer.");
        }
    }

    public bool AreParted(SimulatedProcess one, SimulatedProcess other) => cluster.Network.AreParted(one, other);

    /// <param name="cuts">Whether the connections break at once; otherwise their ends wait in vain.</param>
    public void Part(SimulatedProcess one, SimulatedProcess other, bool cuts)
    {
        if (cuts)
            CloseBetween(one, other, "the connection was reset");
        else
            Loop.Schedule(cluster.Outside, SilenceLimit, EventKind.DataPlane, () => CloseIfParted(one, other));
    }

    public void Join(SimulatedProcess one, SimulatedProcess other)
    {
        foreach (var link in Between(one, other))
            link.Resume();
    }

    public void OnFrozen(SimulatedProcess frozen) => Loop.Schedule(cluster.Outside, SilenceLimit, EventKind.DataPlane, () =>
    {
        if (frozen.IsFrozen)
            CloseAll(frozen, "nothing was heard for 2 s");
    });

    public void CloseAll(SimulatedProcess process, string reason)
    {
        foreach (var link in _links.Where(link => link.Touches(process)).ToList())
            link.Close(reason);
    }

    internal void Forget(DataLink link) => _links.Remove(link);

    internal void After(SimulatedProcess process, Action action) =>
        Loop.Schedule(process, new TimeSpan(cluster.Network.Weather.DrawTicks(random)), EventKind.DataPlane, action);

    internal TimeSpan Deliver(LinkEnd end, Action action)
    {
        Frames++;
        var arrival = Loop.Now + new TimeSpan(cluster.Network.Weather.DrawTicks(random));
        arrival = arrival > end.LastArrival ? arrival : end.LastArrival;
        Loop.Schedule(end.Process, arrival - Loop.Now, EventKind.DataPlane, action);
        if (BreaksPerTenThousand > 0 && random.Next(10_000) < BreaksPerTenThousand && _links.Count > 0)
            _links[random.Next(_links.Count)].Close("the connection was reset");
        return arrival;
    }

    private void Accept(DataLink link, ILinkAcceptor acceptor, TaskCompletionSource opened)
    {
        if (!link.IsOpen)
            return;
        var refusal = acceptor.Accept(link);
        if (refusal is null)
            _links.Add(link);
        After(link.From.Process, () =>
        {
            if (refusal is null)
                opened.TrySetResult();
            else
                opened.TrySetException(new LinkException(refusal));
        });
    }

    private void CloseIfParted(SimulatedProcess one, SimulatedProcess other)
    {
        if (AreParted(one, other))
            CloseBetween(one, other, "nothing was heard for 2 s");
    }

    private void CloseBetween(SimulatedProcess one, SimulatedProcess other, string reason)
    {
        foreach (var link in Between(one, other))
            link.Close(reason);
    }

    private List<DataLink> Between(SimulatedProcess one, SimulatedProcess other) =>
        [.. _links.Where(link => link.Touches(one) && link.Touches(other))];
}

/// <summary>Who takes connections at an endpoint.</summary>
internal interface ILinkAcceptor
{
    SimulatedProcess Process { get; }

    /// <summary>Why the connection is refused; null when it is taken.</summary>
    string? Accept(DataLink link);
}

internal sealed class LinkException(string message) : Exception(message);
