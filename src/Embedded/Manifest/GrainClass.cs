using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansInference.Embedded.Serialization;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Manifest;

/// <summary>A grain class that this silo can activate.</summary>
internal sealed class GrainClass
{
    private readonly ConstructorInfo _constructor;

    public GrainClass(Type type, IServiceProvider services)
    {
        Type = type;
        GrainType = type.GetCustomAttribute<GrainTypeAttribute>()?.GetGrainType(services, type) ?? GrainType.Create(DefaultName(type));
        Description = new GrainDescription(
            [.. GrainManifest.InterfacesOf(type).Select(GrainAssemblies.NameOf)], PropertiesOf(type, GrainType, services));
        IsReentrant = Description.Properties.ContainsKey(WellKnownGrainTypeProperties.Reentrant);
        IsKeptAlive = Description.Properties.ContainsKey(WellKnownGrainTypeProperties.IdleDeactivationPeriod);
        MaximumLocalWorkers = type.GetCustomAttribute<StatelessWorkerAttribute>()?.PlacementStrategy is StatelessWorkerPlacement workers
            ? workers.MaxLocal
            : null;
        _constructor = ConstructorOf(type);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public GrainDescription Description { get; }

    public bool IsReentrant { get; }

    /// <summary>Its activations never end for being idle.</summary>
    public bool IsKeptAlive { get; }

    /// <summary>Activations of one grain that this silo may have; null where the cluster has one.</summary>
    public int? MaximumLocalWorkers { get; }

    /// <summary>Makes the grain, and with it the states that its constructor asks for.</summary>
    public object Create(IGrainContext context, ICollection<IActivationState> states)
    {
        var arguments = _constructor.GetParameters().Select(parameter => Resolve(parameter, context, states)).ToArray();
        return _constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, CultureInfo.InvariantCulture);
    }

    private static object? Resolve(ParameterInfo parameter, IGrainContext context, ICollection<IActivationState> states)
    {
        var services = context.ActivationServices;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } persistent)
        {
            var state = PersistentState.Create(parameter.ParameterType, persistent, context);
            states.Add(state);
            return state;
        }
        if (parameter.ParameterType == typeof(IGrainContext))
            return context;
        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
            return services.GetRequiredKeyedService(parameter.ParameterType, keyed.Key);
        return services.GetService(parameter.ParameterType)
            ?? (parameter.HasDefaultValue ? parameter.DefaultValue : services.GetRequiredService(parameter.ParameterType));
    }

    private static ConstructorInfo ConstructorOf(Type type) => type.GetConstructors() switch
    {
        [var only] => only,
        [] => throw new OrleansConfigurationException($"The grain class {type} has no public constructor."),
        var several => several.FirstOrDefault(constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? several.MaxBy(constructor => constructor.GetParameters().Length)!,
    };

    private static string DefaultName(Type type)
    {
        var name = type.Name.ToUpperInvariant();
        var isSuffixed = name.EndsWith("GRAIN", StringComparison.Ordinal) && name.Length > "GRAIN".Length;
#pragma warning disable CA1308 // Orleans' names are in lower case.
        return (isSuffixed ? name[..^"GRAIN".Length] : name).ToLowerInvariant();
#pragma warning restore CA1308
    }

    private static ImmutableDictionary<string, string> PropertiesOf(Type type, GrainType grainType, IServiceProvider services)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [WellKnownGrainTypeProperties.TypeName] = type.Name,
            [WellKnownGrainTypeProperties.FullTypeName] = type.FullName!,
        };
        if (!type.IsDefined(typeof(PlacementAttribute)))
            new RandomPlacementAttribute().Populate(services, type, grainType, properties);
        foreach (var attribute in type.GetCustomAttributes(inherit: true).OfType<IGrainPropertiesProviderAttribute>())
            attribute.Populate(services, type, grainType, properties);
        return properties.ToImmutableDictionary(StringComparer.Ordinal);
    }
}
