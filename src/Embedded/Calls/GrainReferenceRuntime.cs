using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>Makes grain references, and calls through them.</summary>
internal sealed class GrainReferenceRuntime(IServiceProvider services) : IClusterClient
{
    private readonly ConcurrentDictionary<Type, BoundInterface> _interfaces = new();

    // Resolved late, because the router needs activations, and these need references.
    private readonly Lazy<CallRouter> _router = new(services.GetRequiredService<CallRouter>);
    private readonly Lazy<GrainTypeResolver> _types = new(services.GetRequiredService<GrainTypeResolver>);
    private readonly Lazy<GrainManifest> _manifest = new(services.GetRequiredService<GrainManifest>);

    public IServiceProvider ServiceProvider => services;

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        (TGrainInterface)(object)GetGrain(typeof(TGrainInterface), KeyOf(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        (TGrainInterface)(object)GetGrain(typeof(TGrainInterface), primaryKey, grainClassNamePrefix);

    /// <summary>A reference that only says which grain it is.</summary>
    public GrainReference Create(GrainId grainId) => new(this, grainId, default);

    public GrainReference Cast(GrainId grainId, Type interfaceType)
    {
        var bound = _interfaces.GetOrAdd(interfaceType, Bind);
        return bound.Proxy.Create(this, grainId, bound.Name, bound.Methods);
    }

    public Task<T> CallAsync<T>(GrainReference target, GrainMethod method, object?[] arguments)
    {
        if (method.CancellationIndex >= 0
            && arguments[method.CancellationIndex] is CancellationToken { IsCancellationRequested: true } token)
            return Task.FromCanceled<T>(token);
        var call = new PendingCall<T>(_router.Value, target, method, arguments);
        try
        {
            _router.Value.Start(call);
        }
        catch (Exception e)
        {
            call.Fail(e);
        }
        return method.IsOneWay ? Task.FromResult(default(T)!) : call.Task;
    }

    // As Orleans writes integer keys.
    private static string KeyOf(long key) => key.ToString("X", CultureInfo.InvariantCulture);

    private GrainReference GetGrain(Type interfaceType, string key, string? prefix)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return Cast(GrainId.Create(_types.Value.Resolve(interfaceType, prefix), key), interfaceType);
    }

    private BoundInterface Bind(Type interfaceType)
    {
        if (!GrainAssemblies.IsGrainInterface(interfaceType))
            throw new ArgumentException($"{interfaceType} is no grain interface.", nameof(interfaceType));
        var proxy = GrainProxyType.Of(interfaceType);
        return new BoundInterface(
            proxy, GrainInterfaceType.Create(GrainAssemblies.NameOf(interfaceType)), [.. proxy.Methods.Select(_manifest.Value.FindMethod)]);
    }

    private sealed record BoundInterface(GrainProxyType Proxy, GrainInterfaceType Name, GrainMethod[] Methods);
}
