using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Placement;

/// <summary>Which silo has a grain, or is to: where it was last seen, else as the directory says, else as its class is placed.</summary>
internal sealed class PlacementService(
    GrainManifest manifest, IClusterMembership membership, IActivationDirectory directory, IServiceProvider services) : IPlacementContext
{
    /// <summary>Grains whose place is remembered; beyond this all are forgotten, which costs one look into the directory each.</summary>
    private const int MaximumRemembered = 100_000;

    private readonly ConcurrentDictionary<GrainId, SiloAddress> _seen = new();

    public SiloAddress LocalSilo => membership.Self.Silo;

    /// <returns>The silo, and whether the grain is to be activated there if it is not.</returns>
    public async Task<(SiloAddress Silo, bool MayActivate)> LocateAsync(PendingCall call)
    {
        var target = call.Content.Target;

        // Stateless workers are wherever they are needed.
        if (manifest.Find(target.Type).MaximumLocalWorkers is null)
        {
            if (Recall(target) is { } seen && membership.Members.ContainsKey(seen))
                return (seen, false);
            if (directory.Find(target) is { } owner)
            {
                Correct(target, owner);
                return (owner, false);
            }
        }
        return (await PlaceAsync(target, call.InterfaceType, call.Content.RequestContext), true);
    }

    /// <summary>The silo where the grain was last seen.</summary>
    public SiloAddress? Recall(GrainId grainId) => _seen.GetValueOrDefault(grainId);

    /// <summary>The grain is not where it was thought to be; it is at <paramref name="owner"/>, where that is known.</summary>
    public void Correct(GrainId grainId, SiloAddress? owner)
    {
        if (_seen.Count >= MaximumRemembered)
            _seen.Clear();

        // What is here is found in the catalog, and what was elsewhere before has come here.
        if (owner is null || owner.Equals(LocalSilo))
            _seen.TryRemove(grainId, out _);
        else
            _seen[grainId] = owner;
    }

    public void OnSiloLost(SiloAddress silo)
    {
        foreach (var pair in _seen.Where(pair => pair.Value.Equals(silo)))
            _seen.TryRemove(pair);
    }

    /// <summary>Has the director of a grain's class choose the silo of a new activation.</summary>
    public async Task<SiloAddress> PlaceAsync(
        GrainId grainId, GrainInterfaceType interfaceType, Dictionary<string, object>? requestContext)
    {
        var strategy = manifest.Find(grainId.Type).Placement;
        var director = services.GetKeyedService<IPlacementDirector>(strategy.GetType())
            ?? throw new OrleansConfigurationException($"No placement director for {strategy.GetType()}: use AddPlacementDirector.");
        var target = new PlacementTarget(grainId, requestContext ?? [], interfaceType, 0);
        var silo = await director.OnAddActivation(strategy, target, this);
        return GetCompatibleSilos(target).Contains(silo)
            ? silo
            : throw new OrleansException($"{director.GetType()} chose silo {silo} for grain {grainId}, which does not host its class.");
    }

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target)
    {
        var name = target.GrainIdentity.Type.ToString();
        var silos = membership.Members.Values
            .Where(member => member.Status == SiloStatus.Active && member.Profile.Grains.Contains(name))
            .Select(member => member.Silo)
            .Order()
            .ToArray();
        return silos.Length > 0 ? silos : throw new OrleansException($"No active silo hosts the grain type {name}.");
    }
}
