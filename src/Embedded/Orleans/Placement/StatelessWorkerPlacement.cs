using System.Globalization;
using Orleans.Metadata;

namespace Orleans.Runtime;

internal sealed class StatelessWorkerPlacement : PlacementStrategy
{
    private const string MaximumProperty = "max-local-instances";

    public StatelessWorkerPlacement() : this(0)
    {
    }

    internal StatelessWorkerPlacement(int maxLocal) => MaxLocal = maxLocal > 0 ? maxLocal : Environment.ProcessorCount;

    public int MaxLocal { get; private set; }

    public override void Initialize(GrainProperties properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        if (properties.Properties.TryGetValue(MaximumProperty, out var value))
            MaxLocal = int.Parse(value, CultureInfo.InvariantCulture);
    }

    public override void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties[MaximumProperty] = MaxLocal.ToString(CultureInfo.InvariantCulture);
    }
}
