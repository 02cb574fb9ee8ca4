using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Placement;

/// <summary>Has the director of a grain class choose the silo of a new activation.</summary>
internal sealed class PlacementService(GrainManifest manifest, IClusterMembership membership, IServiceProvider services) : IPlacementContext
{
    private readonly ConcurrentDictionary<GrainType, PlacementStrategy> _strategies = new();

    public SiloAddress LocalSilo => membership.Self.Silo;

    public bool IsStatelessWorker(GrainType type) => StrategyOf(type) is StatelessWorkerPlacement;

    /// <summary>This silo where it has the class, else any that has.</summary>
    public SiloAddress ChooseForStatelessWorker(PendingCall call)
    {
        var silos = GetCompatibleSilos(call.Target.Type);
        return silos.Contains(LocalSilo) ? LocalSilo : silos[(int)(call.Target.Key.GetUniformHashCode() % (uint)silos.Length)];
    }

    public async Task<SiloAddress> PlaceAsync(
        GrainId grainId, GrainInterfaceType interfaceType, Dictionary<string, object>? requestContext)
    {
        var strategy = StrategyOf(grainId.Type);
        var director = services.GetKeyedService<IPlacementDirector>(strategy.GetType())
            ?? throw new OrleansConfigurationException($"No placement director for {strategy.GetType()}: use AddPlacementDirector.");
        var target = new PlacementTarget(grainId, requestContext ?? [], interfaceType, 0);
        var silo = await director.OnAddActivation(strategy, target, this);
        return GetCompatibleSilos(grainId.Type).Contains(silo)
            ? silo
            : throw new OrleansException($"{director.GetType()} chose silo {silo} for grain {grainId}, which does not host its class.");
    }

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target) => GetCompatibleSilos(target.GrainIdentity.Type);

    private SiloAddress[] GetCompatibleSilos(GrainType type)
    {
        var name = type.ToString();
        var silos = membership.Members.Values
            .Where(member => member.Status == SiloStatus.Active && member.Profile.Grains.ContainsKey(name))
            .Select(member => member.Silo)
            .Order()
            .ToArray();
        return silos.Length > 0 ? silos : throw new OrleansException($"No active silo hosts the grain type {name}.");
    }

    private PlacementStrategy StrategyOf(GrainType type) => _strategies.GetOrAdd(type, CreateStrategy);

    private PlacementStrategy CreateStrategy(GrainType type)
    {
        var grain = membership.Members.Values.Select(member => member.Profile.Grains).Prepend(manifest.Descriptions)
            .Select(grains => grains.GetValueOrDefault(type.ToString()))
            .FirstOrDefault(found => found is not null)
            ?? throw new OrleansException($"No silo has the grain type {type}.");
        var name = grain.Properties[WellKnownGrainTypeProperties.PlacementStrategy];
        var strategy = services.GetKeyedService<PlacementStrategy>(name)
            ?? throw new OrleansConfigurationException(
                $"The placement strategy {name} of grain type {type} is not known here: use AddPlacementDirector.");
        strategy.Initialize(new GrainProperties(grain.Properties));
        return strategy;
    }
}
