using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansInference.Embedded.Placement;

/// <summary>Orleans' own strategies: any silo; or the caller's where that has the class, and otherwise any.</summary>
internal sealed class DefaultPlacementDirector([FromKeyedServices(DefaultPlacementDirector.RandomKey)] Random random) : IPlacementDirector
{
    /// <summary>Key of the engine's source of chance among the services.</summary>
    public const string RandomKey = "OrleansInference.Embedded";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        var hint = strategy is StatelessWorkerPlacement ? null : IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        var isLocal = strategy is not RandomPlacement && silos.Contains(context.LocalSilo);
        return Task.FromResult(hint ?? (isLocal ? context.LocalSilo : silos[random.Next(silos.Length)]));
    }
}
