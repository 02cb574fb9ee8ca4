using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Names the strategy that places activations of a grain class.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public abstract class PlacementAttribute : Attribute
{
    protected PlacementAttribute(PlacementStrategy placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        PlacementStrategy = placement;
    }

    public PlacementStrategy PlacementStrategy { get; private set; }

    public virtual void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties) =>
        PlacementStrategy.PopulateGrainProperties(services, grainClass, grainType, properties);
}

[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class RandomPlacementAttribute() : PlacementAttribute(new RandomPlacement());

[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(new PreferLocalPlacement());
