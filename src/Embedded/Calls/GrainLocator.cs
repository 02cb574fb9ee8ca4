using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Placement;

namespace OrleansInference.Embedded.Calls;

/// <summary>Finds the silo of a grain: where it was last seen, else where the directory says, else where placement puts it.</summary>
internal sealed class GrainLocator(IActivationDirectory directory, IClusterMembership membership, PlacementService placement)
{
    /// <summary>Grains whose place is remembered; beyond this all are forgotten, which costs one look into the directory each.</summary>
    private const int MaximumRemembered = 100_000;

    private readonly ConcurrentDictionary<GrainId, SiloAddress> _seen = new();

    public async Task<GrainPlace> LocateAsync(PendingCall call)
    {
        if (placement.IsStatelessWorker(call.Target.Type))
            return new GrainPlace(placement.ChooseForStatelessWorker(call), MayActivate: true);
        if (Recall(call.Target) is { } seen && membership.Members.ContainsKey(seen))
            return new GrainPlace(seen, MayActivate: false);
        if (directory.Find(call.Target) is { } owner)
        {
            Correct(call.Target, owner);
            return new GrainPlace(owner, MayActivate: false);
        }
        return new GrainPlace(await placement.PlaceAsync(call.Target, call.InterfaceType, call.RequestContext), MayActivate: true);
    }

    /// <summary>The silo where the grain was last seen.</summary>
    public SiloAddress? Recall(GrainId grainId) => _seen.GetValueOrDefault(grainId);

    /// <summary>The grain is not where it was thought to be; it is at <paramref name="owner"/>, where that is known.</summary>
    public void Correct(GrainId grainId, SiloAddress? owner)
    {
        if (_seen.Count >= MaximumRemembered)
            _seen.Clear();

        // What is here is found in the catalog, and what was elsewhere before has come here.
        if (owner is null || owner.Equals(membership.Self.Silo))
            _seen.TryRemove(grainId, out _);
        else
            _seen[grainId] = owner;
    }

    public void OnSiloLost(SiloAddress silo)
    {
        foreach (var pair in _seen.Where(pair => pair.Value.Equals(silo)))
            _seen.TryRemove(pair);
    }
}

/// <param name="MayActivate">Whether the grain is to be activated there if it is not.</param>
internal readonly record struct GrainPlace(SiloAddress Silo, bool MayActivate);
