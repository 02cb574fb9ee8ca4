using System.Collections.Immutable;

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
