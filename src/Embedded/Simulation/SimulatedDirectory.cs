using Orleans.Runtime;
using OrleansInference.Embedded.Directory;

namespace OrleansInference.Embedded.Simulation;

/// <summary>The entries of the directory, which all silos share.</summary>
internal sealed class DirectoryTable
{
    private readonly Dictionary<GrainId, SiloAddress> _owners = [];

    public SiloAddress? OwnerOf(GrainId grainId) => _owners.GetValueOrDefault(grainId);

    public void Set(GrainId grainId, SiloAddress silo) => _owners[grainId] = silo;

    public void Remove(GrainId grainId) => _owners.Remove(grainId);

    public void RemoveAll(SiloAddress silo)
    {
        foreach (var (grainId, owner) in _owners)
        {
            if (owner.Equals(silo))
                _owners.Remove(grainId);
        }
    }
}

/// <summary>A silo's way to the directory: each step is whole, but others may come in between before and after it.</summary>
internal sealed class SimulatedDirectory(DirectoryTable table, MembershipTable membership, TimeProvider time, Random random) : IActivationDirectory
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(4);

    public SiloAddress? Find(GrainId grainId) =>
        table.OwnerOf(grainId) is { } owner && membership.IsAlive(owner) ? owner : null;

    public async Task<SiloAddress> RegisterAsync(GrainId grainId, SiloAddress silo)
    {
        await Step();
        var owner = Find(grainId);
        if (owner is null)
            table.Set(grainId, silo);
        await Step();
        return owner ?? silo;
    }

    public async Task UnregisterAsync(GrainId grainId, SiloAddress silo)
    {
        await Step();
        if (silo.Equals(table.OwnerOf(grainId)))
            table.Remove(grainId);
        await Step();
    }

    public async Task HandOverAsync(GrainId grainId, SiloAddress from, SiloAddress to)
    {
        await Step();
        if (from.Equals(table.OwnerOf(grainId)))
            table.Set(grainId, to);
        await Step();
    }

    public async Task RemoveAllAsync(SiloAddress deadSilo)
    {
        await Step();
        table.RemoveAll(deadSilo);
    }

    private Task Step() => Task.Delay(LongestStep * random.NextDouble(), time);
}
