using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Calls;

/// <summary>Makes grain references.</summary>
internal sealed class GrainReferenceRuntime(GrainManifest manifest, IServiceProvider services) : IClusterClient
{
    private readonly ConcurrentDictionary<Type, GrainReference> _references = new();

    public IServiceProvider ServiceProvider => services;

    public GrainManifest Manifest => manifest;

    /// <summary>Resolved late, because it needs activations, and these need references.</summary>
    public CallRouter Router => field ??= services.GetRequiredService<CallRouter>();

    // As Orleans writes integer keys.
    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        Refer<TGrainInterface>(primaryKey.ToString("X", CultureInfo.InvariantCulture), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        Refer<TGrainInterface>(primaryKey, grainClassNamePrefix);

    /// <summary>A reference that only says which grain it is.</summary>
    public GrainReference Create(GrainId grainId) => new GrainProxy().Bind(this, grainId, default);

    public GrainReference Cast(GrainId grainId, Type interfaceType) => _references.GetOrAdd(interfaceType, Implement).Of(grainId);

    private TGrainInterface Refer<TGrainInterface>(string key, string? prefix) => (TGrainInterface)(object)Cast(
        GrainId.Create(manifest.Resolve(typeof(TGrainInterface), prefix), key), typeof(TGrainInterface));

    private GrainReference Implement(Type interfaceType) => GrainAssemblies.IsGrainInterface(interfaceType)
        ? ((GrainReference)DispatchProxy.Create(interfaceType, typeof(GrainProxy)))
            .Bind(this, default, GrainInterfaceType.Create(GrainAssemblies.NameOf(interfaceType)))
        : throw new ArgumentException($"{interfaceType} is no grain interface.", nameof(interfaceType));
}
