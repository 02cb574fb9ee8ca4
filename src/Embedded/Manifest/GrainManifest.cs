using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Manifest;

/// <summary>The grain classes that this silo hosts, and the methods that can be called. Building it checks every grain interface.</summary>
internal sealed class GrainManifest
{
    private readonly Dictionary<GrainType, GrainClass> _classes = [];
    private readonly Dictionary<ulong, GrainMethod> _methods = [];

    /// <exception cref="OrleansConfigurationException">A grain interface or class cannot work; the message names every one.</exception>
    public GrainManifest(IOptions<GrainTypeOptions> types, MessageSerializer serializer, IServiceProvider services)
    {
        var faults = new List<string>();
        foreach (var type in types.Value.Interfaces)
            AddInterface(type, serializer, faults);
        foreach (var type in types.Value.Classes)
            AddClass(new GrainClass(type, services), faults);
        if (faults.Count > 0)
            throw new OrleansConfigurationException(string.Join(Environment.NewLine, faults));
        Descriptions = _classes.ToImmutableDictionary(pair => pair.Key.ToString(), pair => pair.Value.Description, StringComparer.Ordinal);
    }

    public ImmutableDictionary<string, GrainDescription> Descriptions { get; }

    public bool TryGetClass(GrainType type, [NotNullWhen(true)] out GrainClass? grainClass) => _classes.TryGetValue(type, out grainClass);

    public GrainMethod FindMethod(ulong id) => _methods.TryGetValue(id, out var method)
        ? method
        : throw new InvalidDataException("This silo does not have the method: it was built from other sources than its caller.");

    public GrainMethod FindMethod(MethodInfo method) => _methods.Values.FirstOrDefault(candidate => candidate.Method == method)
        ?? throw new InvalidOperationException($"{method.DeclaringType} is no grain interface of this silo.");

    public static IEnumerable<Type> InterfacesOf(Type grainClass) => grainClass.GetInterfaces().Where(GrainAssemblies.IsGrainInterface);

    private void AddInterface(Type type, MessageSerializer serializer, List<string> faults)
    {
        foreach (var info in type.GetMethods())
        {
            try
            {
                var method = new GrainMethod(info, serializer);
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
