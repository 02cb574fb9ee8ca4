using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Manifest;

/// <summary>Finds grains and what they send in every assembly of the application that refers to this one.</summary>
internal sealed class GrainAssemblies : IConfigureOptions<GrainTypeOptions>
{
    private static readonly Assembly Self = typeof(GrainAssemblies).Assembly;

    private readonly IReadOnlyList<Type> _types;

    public GrainAssemblies()
    {
        var assemblies = Find();
        _types = [.. assemblies.SelectMany(assembly => assembly.GetTypes())];
        Builds = assemblies.ToImmutableDictionary(
            assembly => assembly.GetName().Name!, assembly => assembly.ManifestModule.ModuleVersionId);
    }

    /// <summary>Which build of each assembly this is.</summary>
    public ImmutableDictionary<string, Guid> Builds { get; }

    /// <summary>The types that may stand for another type in a message.</summary>
    public IEnumerable<Type> Serializable => _types.Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false));

    public IEnumerable<Type> GrainClasses => _types.Where(type =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
        && typeof(IGrainBase).IsAssignableFrom(type)
        && Array.Exists(type.GetInterfaces(), IsGrainInterface));

    public void Configure(GrainTypeOptions options)
    {
        options.Interfaces.UnionWith(_types.Where(IsGrainInterface));
        options.Classes.UnionWith(GrainClasses);
    }

    public static bool IsGrainInterface(Type type) => type.IsInterface
        && typeof(IAddressable).IsAssignableFrom(type)
        && type.Namespace is not ("Orleans" or "Orleans.Runtime")
        && !type.ContainsGenericParameters;

    /// <summary>What a grain interface is called wherever it is built from the same sources.</summary>
    public static string NameOf(Type type) =>
        type.GetCustomAttributes(typeof(AliasAttribute), inherit: false) is [AliasAttribute alias, ..] ? alias.Alias : type.FullName!;

    private static List<Assembly> Find()
    {
        var all = AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic).ToList();
        var seen = all.Select(assembly => assembly.FullName!).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < all.Count; i++)
        {
            var references = all[i].GetReferencedAssemblies().Where(name => !IsFramework(name) && seen.Add(name.FullName));
            all.AddRange([.. references.Select(TryLoad).OfType<Assembly>().Where(assembly => !all.Contains(assembly))]);
        }
        return all.FindAll(assembly => assembly == Self
            || assembly.GetReferencedAssemblies().Any(name => name.Name == Self.GetName().Name));
    }

    private static bool IsFramework(AssemblyName name) =>
        name.Name!.StartsWith("System.", StringComparison.Ordinal) || name.Name.StartsWith("Microsoft.", StringComparison.Ordinal);

    // A reference that is not deployed holds no grains of this application.
    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
