using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Streams;

namespace OrleansInference.Embedded.Calls;

/// <summary>The base of the classes that implement grain interfaces by sending calls.</summary>
internal abstract class GrainProxy : GrainReference
{
    private readonly GrainMethod[] _methods;

    protected GrainProxy(GrainReferenceRuntime runtime, GrainId grainId, GrainInterfaceType interfaceType, GrainMethod[] methods)
        : base(runtime, grainId, interfaceType) => _methods = methods;

    protected Task CallTask(int method, object?[] arguments) => Runtime.CallAsync<object?>(this, _methods[method], arguments);

    protected Task<T> CallTaskOf<T>(int method, object?[] arguments) => Runtime.CallAsync<T>(this, _methods[method], arguments);

    protected ValueTask CallValueTask(int method, object?[] arguments) => new(CallTask(method, arguments));

    protected ValueTask<T> CallValueTaskOf<T>(int method, object?[] arguments) => new(CallTaskOf<T>(method, arguments));

    protected IAsyncEnumerable<T> CallStreamOf<T>(int method, object?[] arguments) => new GrainStream<T>(this, _methods[method], arguments);

    protected void CallVoid(int method, object?[] arguments) => _ = CallTask(method, arguments);
}
