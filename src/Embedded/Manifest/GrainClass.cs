using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Manifest;

/// <summary>A grain class that this silo can activate.</summary>
internal sealed class GrainClass
{
    private readonly List<ParameterInfo> _states;
    private readonly ObjectFactory _factory;

    public GrainClass(Type type, IServiceProvider services)
    {
        Type = type;
        GrainType = type.GetCustomAttribute<GrainTypeAttribute>()?.GetGrainType(services, type) ?? GrainType.Create(DefaultName(type));
        Placement = PlacementOf(type, GrainType, services);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        IsKeptAlive = type.IsDefined(typeof(KeepAliveAttribute));
        MaximumLocalWorkers = (Placement as StatelessWorkerPlacement)?.MaxLocal;
        _states = [.. type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute)))];
        _factory = ActivatorUtilities.CreateFactory(type, [.. _states.Select(state => state.ParameterType)]);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public PlacementStrategy Placement { get; }

    public bool IsReentrant { get; }

    /// <summary>Its activations never end for being idle.</summary>
    public bool IsKeptAlive { get; }

    /// <summary>Activations of one grain that this silo may have; null where the cluster has one.</summary>
    public int? MaximumLocalWorkers { get; }

    /// <summary>Makes the grain, and with it the states that its constructor asks for.</summary>
    public object Create(IGrainContext context, ICollection<IActivationState> states)
    {
        foreach (var state in _states)
            states.Add(PersistentState.Create(state.ParameterType, state.GetCustomAttribute<PersistentStateAttribute>()!, context));
        return _factory(context.ActivationServices, [.. states]);
    }

    // As in Orleans: in lower case, less a trailing "grain".
    private static string DefaultName(Type type)
    {
        var name = CultureInfo.InvariantCulture.TextInfo.ToLower(type.Name);
        return name.EndsWith("grain", StringComparison.Ordinal) && name.Length > "grain".Length ? name[..^"grain".Length] : name;
    }

    // As in Orleans, a strategy is told what it has said of the class.
    private static PlacementStrategy PlacementOf(Type type, GrainType grainType, IServiceProvider services)
    {
        var placement = type.GetCustomAttribute<PlacementAttribute>() ?? new RandomPlacementAttribute();
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        placement.Populate(services, type, grainType, properties);
        placement.PlacementStrategy.Initialize(new GrainProperties(properties.ToImmutableDictionary(StringComparer.Ordinal)));
        return placement.PlacementStrategy;
    }
}
