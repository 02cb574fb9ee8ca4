using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansInference.Embedded.Placement;

internal sealed class RandomPlacementDirector([FromKeyedServices(RandomPlacementDirector.RandomKey)] Random random) : IPlacementDirector
{
    /// <summary>Key of the engine's source of chance among the services.</summary>
    public const string RandomKey = "OrleansInference.Embedded";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? silos[random.Next(silos.Length)]);
    }
}

internal sealed class PreferLocalPlacementDirector([FromKeyedServices(RandomPlacementDirector.RandomKey)] Random random)
    : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos)
            ?? (silos.Contains(context.LocalSilo) ? context.LocalSilo : silos[random.Next(silos.Length)]));
    }
}
