using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Manifest;

/// <summary>
/// The grain classes of the application, of which this silo may host some, and the methods that can be called. Building it checks every
/// grain interface.
/// </summary>
internal sealed class GrainManifest
{
    private readonly Dictionary<GrainType, GrainClass> _classes = [];
    private readonly Dictionary<ulong, GrainMethod> _methods = [];
    private readonly Dictionary<MethodInfo, GrainMethod> _methodsByInfo = [];
    private readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainType> _resolved = new();
    private readonly HashSet<Type> _hosted;

    /// <exception cref="OrleansConfigurationException">A grain interface or class cannot work; the message names every one.</exception>
    public GrainManifest(
        GrainAssemblies assemblies, IOptions<GrainTypeOptions> types, MessageSerializer serializer, IServiceProvider services)
    {
        _hosted = types.Value.Classes;
        var faults = new List<string>();
        foreach (var type in types.Value.Interfaces)
            AddInterface(type, serializer, faults);
        foreach (var type in assemblies.GrainClasses.Union(_hosted))
            AddClass(new GrainClass(type, services), faults);
        if (faults.Count > 0)
            throw new OrleansConfigurationException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>The types of the grains that this silo hosts.</summary>
    public ImmutableArray<string> Hosted =>
        [.. _classes.Values.Where(known => _hosted.Contains(known.Type)).Select(known => known.GrainType.ToString())];

    /// <summary>A grain class that this silo hosts.</summary>
    public bool TryGetClass(GrainType type, [NotNullWhen(true)] out GrainClass? grainClass) =>
        _classes.TryGetValue(type, out grainClass) && _hosted.Contains(grainClass.Type);

    /// <summary>A grain class, whoever hosts it.</summary>
    public GrainClass Find(GrainType type) => _classes.GetValueOrDefault(type)
        ?? throw new OrleansException($"This silo does not know the grain type {type}: it was built from other sources than its caller.");

    /// <summary>The grain class of an interface.</summary>
    /// <param name="prefix">How the full name of the class starts, where several implement the interface.</param>
    /// <exception cref="ArgumentException">No class implements the interface, or several do.</exception>
    public GrainType Resolve(Type interfaceType, string? prefix) =>
        _resolved.GetOrAdd((interfaceType, prefix), sought => Find(sought.Interface, sought.Prefix));

    public GrainMethod FindMethod(ulong id) => _methods.GetValueOrDefault(id)
        ?? throw new InvalidDataException("This silo does not have the method: it was built from other sources than its caller.");

    public GrainMethod FindMethod(MethodInfo method) => _methodsByInfo.GetValueOrDefault(method)
        ?? throw new InvalidOperationException($"{method.DeclaringType} is no grain interface of this silo.");

    private GrainType Find(Type interfaceType, string? prefix)
    {
        var candidates = _classes.Values.Where(known => interfaceType.IsAssignableFrom(known.Type))
            .Where(known => prefix is null || known.Type.FullName!.StartsWith(prefix, StringComparison.Ordinal))
            .ToList();
        if (candidates.Count == 0)
            throw new ArgumentException($"Could not find an implementation for interface {interfaceType}.");

        // As in Orleans: of several classes, IThing means Thing.
        var named = candidates.FindAll(known => interfaceType.Name[1..] == known.Type.Name);
        var found = candidates.Count > 1 && prefix is null ? named : candidates;
        return found.Count == 1
            ? found[0].GrainType
            : throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType}. "
                + $"Candidates: {string.Join(", ", candidates.Select(known => $"{known.GrainType} ({known.Type})"))}");
    }

    private void AddInterface(Type type, MessageSerializer serializer, List<string> faults)
    {
        foreach (var info in type.GetMethods())
        {
            try
            {
                var method = GrainMethod.Create(info, serializer);
                _methodsByInfo.Add(info, method);
                if (!_methods.TryAdd(method.Id, method))
                    faults.Add($"{type}.{info.Name} goes by the same name and parameters as a method of "
                        + $"{_methods[method.Id].Method.DeclaringType}: one of the interfaces needs another [Alias].");
            }
            catch (UnsupportedTypeException e)
            {
                faults.Add($"{type}.{info.Name}: {e.Message}");
            }
        }
    }

    private void AddClass(GrainClass grainClass, List<string> faults)
    {
        if (!_classes.TryAdd(grainClass.GrainType, grainClass))
            faults.Add($"{grainClass.Type} and {_classes[grainClass.GrainType].Type} are both the grain type \"{grainClass.GrainType}\": "
                + "one of them needs another [GrainType].");
    }
}
