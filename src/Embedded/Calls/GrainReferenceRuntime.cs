using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Streams;

namespace OrleansInference.Embedded.Calls;

/// <summary>Makes grain references, and calls through them.</summary>
internal sealed class GrainReferenceRuntime(IServiceProvider services) : IClusterClient
{
    private readonly ConcurrentDictionary<Type, GrainReference> _references = new();
    private readonly ConcurrentDictionary<MethodInfo, (GrainMethod Method, Caller Call)> _methods = new();

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
    public GrainReference Create(GrainId grainId) => new GrainProxy().Bind(this, grainId, default);

    public GrainReference Cast(GrainId grainId, Type interfaceType) => _references.GetOrAdd(interfaceType, Implement).Of(grainId);

    /// <summary>What the method of the grain's interface is to return.</summary>
    public object Call(GrainReference target, MethodInfo info, object?[] arguments)
    {
        var (method, call) = _methods.GetOrAdd(info, Bind);
        return call(target, method, arguments);
    }

    // As Orleans writes integer keys.
    private static string KeyOf(long key) => key.ToString("X", CultureInfo.InvariantCulture);

    private GrainReference GetGrain(Type interfaceType, string key, string? prefix)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return Cast(GrainId.Create(_types.Value.Resolve(interfaceType, prefix), key), interfaceType);
    }

    private GrainReference Implement(Type interfaceType) => GrainAssemblies.IsGrainInterface(interfaceType)
        ? ((GrainReference)DispatchProxy.Create(interfaceType, typeof(GrainProxy)))
            .Bind(this, default, GrainInterfaceType.Create(GrainAssemblies.NameOf(interfaceType)))
        : throw new ArgumentException($"{interfaceType} is no grain interface.", nameof(interfaceType));

    private (GrainMethod, Caller) Bind(MethodInfo info)
    {
        var callerOf = typeof(GrainReferenceRuntime).GetMethod(nameof(CallerOf), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(MethodSignature.ResultOf(info) ?? typeof(object));
        return (_manifest.Value.FindMethod(info), callerOf.CreateDelegate<Func<MethodInfo, Caller>>()(info));
    }

    private static Caller CallerOf<T>(MethodInfo info) => info.ReturnType switch
    {
        _ when MethodSignature.IsStream(info) => static (target, method, arguments) => new GrainStream<T>(target, method, arguments),
        { IsValueType: false } => CallAsync<T>,
        { IsGenericType: true } => static (target, method, arguments) => new ValueTask<T>(CallAsync<T>(target, method, arguments)),
        _ => static (target, method, arguments) => new ValueTask(CallAsync<T>(target, method, arguments)),
    };

    private static Task<T> CallAsync<T>(GrainReference target, GrainMethod method, object?[] arguments)
    {
        var router = target.Runtime._router.Value;
        var call = new PendingCall<T>(router, target, method, arguments);
        router.Start(call);
        return method.IsOneWay ? Task.FromResult(default(T)!) : call.Task;
    }

    /// <summary>Calls as one kind of method does: what it returns is what the method returns.</summary>
    private delegate object Caller(GrainReference target, GrainMethod method, object?[] arguments);
}
