using System.Collections.Immutable;
using Orleans.Runtime;

namespace Orleans.Metadata;

/// <summary>What the attributes of a grain class say.</summary>
public sealed class GrainProperties
{
    public GrainProperties(ImmutableDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Properties = values;
    }

    public ImmutableDictionary<string, string> Properties { get; }
}

public static class WellKnownGrainTypeProperties
{
    public const string PlacementStrategy = "placement-strategy";
    public const string IdleDeactivationPeriod = "idle-duration";
    public const string IndefiniteIdleDeactivationPeriodValue = "indefinite";
    public const string TypeName = "type-name";
    public const string FullTypeName = "full-type-name";
    public const string Reentrant = "reentrant";
}

/// <summary>An attribute that adds to the properties of the grain class it stands on.</summary>
public interface IGrainPropertiesProviderAttribute
{
    void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties);
}
