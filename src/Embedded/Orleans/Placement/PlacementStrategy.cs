using Orleans.Metadata;

namespace Orleans.Runtime;

/// <summary>How a grain class is placed; a director of the same silo carries it out.</summary>
public abstract class PlacementStrategy
{
    public virtual void Initialize(GrainProperties properties)
    {
    }

    public virtual void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
    }
}

/// <summary>Any silo that has the grain class.</summary>
[GenerateSerializer, Immutable]
public sealed class RandomPlacement : PlacementStrategy;

/// <summary>The calling silo where it has the grain class, otherwise any.</summary>
[GenerateSerializer, Immutable]
public sealed class PreferLocalPlacement : PlacementStrategy;
