using Orleans;
using Orleans.Placement;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>Placed on the silo that the key names, by its label.</summary>
public interface IPlacedGrain : IGrainWithStringKey
{
    Task<string> GetSiloAsync();
}

public interface ILocalGrain : IGrainWithStringKey
{
    Task<string> GetSiloAsync();
}

public interface ICallsLocalGrain : IGrainWithStringKey
{
    /// <returns>The names of the silos of this grain and of a grain that prefers its caller's silo.</returns>
    Task<(string Own, string Other)> CallLocalAsync(string key);
}

[GenerateSerializer, Immutable]
public sealed class LabelPlacement : PlacementStrategy
{
    [Id(0)]
    private string _label = "";

    public string Label => _label;

    public override void Initialize(GrainProperties properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        _label = properties.Properties["label"];
    }

    public override void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties["label"] = "name";
    }
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class LabelPlacementAttribute() : PlacementAttribute(new LabelPlacement());

public sealed class LabelPlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var label = ((LabelPlacement)strategy).Label;
        var wanted = target.GrainIdentity.Key.ToString();
        return Task.FromResult(context.GetCompatibleSilos(target).First(
            silo => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(label) == wanted));
    }
}

[LabelPlacement]
public sealed class PlacedGrain(ILocalSiloDetails silo) : Grain, IPlacedGrain
{
    public Task<string> GetSiloAsync() => Task.FromResult(silo.Name);
}

[PreferLocalPlacement]
public sealed class LocalGrain(ILocalSiloDetails silo) : Grain, ILocalGrain
{
    public Task<string> GetSiloAsync() => Task.FromResult(silo.Name);
}

public sealed class CallsLocalGrain(ILocalSiloDetails silo) : Grain, ICallsLocalGrain
{
    public async Task<(string Own, string Other)> CallLocalAsync(string key) =>
        (silo.Name, await GrainFactory.GetGrain<ILocalGrain>(key).GetSiloAsync());
}

public interface ICallsPlacedGrain : IGrainWithStringKey
{
    Task<string> CallPlacedAsync(string name);
}

public sealed class CallsPlacedGrain : Grain, ICallsPlacedGrain
{
    public Task<string> CallPlacedAsync(string name) => GrainFactory.GetGrain<IPlacedGrain>(name).GetSiloAsync();
}
