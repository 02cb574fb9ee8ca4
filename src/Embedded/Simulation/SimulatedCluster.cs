using System.Net;
using Orleans.Hosting;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Simulation;

/// <summary>Silos on one thread in virtual time. Whatever is left to chance, one seed decides.</summary>
internal sealed class SimulatedCluster
{
    /// <summary>The grain storage that every silo has.</summary>
    public const string StorageName = "store";

    private const int FirstPort = 10_000;

    private readonly List<SimulatedSilo> _silos = [];
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private int _processes;
    private int _generations;

    public SimulatedCluster(int seed, SharedEngine engine, TextWriter? trace = null)
    {
        (Seed, Engine) = (seed, engine);
        Random = new Random(unchecked(seed * 31 + 1));
        Loop = new SimulationLoop(unchecked(seed * 31 + 2), trace);
        Network = new SimulatedNetwork(Loop, new Random(unchecked(seed * 31 + 3)));
        Membership = new MembershipTable(Loop, new Random(unchecked(seed * 31 + 4)));
        Activations = new ActivationChecker(Loop);
        Outside = NewProcess("outside");
    }

    public int Seed { get; }

    public SharedEngine Engine { get; }

    public SimulationLoop Loop { get; }

    /// <summary>Chance for the engine: placement, and how long storage and directory take.</summary>
    public Random Random { get; }

    public SimulatedNetwork Network { get; }

    public MembershipTable Membership { get; }

    public DirectoryTable Directory { get; } = new();

    public StorageTable Storage { get; } = new();

    public ActivationChecker Activations { get; }

    /// <summary>Where the simulation's own story is told; it never dies.</summary>
    public SimulatedProcess Outside { get; }

    /// <summary>The silos whose processes live.</summary>
    public IEnumerable<SimulatedSilo> Silos => _silos;

    /// <summary>A silo was ended by its peers, because it did not answer.</summary>
    public Action<SimulatedSilo>? Fenced { get; set; }

    /// <summary>A new run of a silo, not started yet. A name that was used before is the same silo again.</summary>
    public SimulatedSilo AddSilo(string name, Action<ISiloBuilder> configure)
    {
        if (!_ports.TryGetValue(name, out var port))
            _ports.Add(name, port = FirstPort + _ports.Count);
        var address = SiloAddress.New(IPAddress.Loopback, port, ++_generations);
        var silo = new SimulatedSilo(this, name, address, NewProcess(name), configure);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Ends a silo's process at once.</summary>
    public void Kill(SimulatedSilo silo)
    {
        if (!_silos.Remove(silo) || !silo.Process.IsAlive)
            return;
        silo.Process.Kill();
        Membership.Remove(silo.Address);
        silo.EndTransport();
    }

    /// <summary>Has a silo leave in good order.</summary>
    public async Task StopAsync(SimulatedSilo silo)
    {
        await silo.StopAsync();
        _silos.Remove(silo);
    }

    /// <summary>Tells a story, and runs until it is told.</summary>
    /// <exception cref="SimulationException">It is not told within the limit of virtual time, or something failed.</exception>
    public void Run(Func<Task> story, TimeSpan limit)
    {
        var told = Outside.RunAsync(story);
        Loop.Run(() => told.IsCompleted, limit);
        told.GetAwaiter().GetResult();
    }

    internal void Fence(SiloAddress address)
    {
        if (_silos.Find(silo => silo.Address.Equals(address)) is not { } frozen)
            return;
        Kill(frozen);
        Fenced?.Invoke(frozen);
    }

    private SimulatedProcess NewProcess(string name) => new(Loop, _processes++, name);
}
