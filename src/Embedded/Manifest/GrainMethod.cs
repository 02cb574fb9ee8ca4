using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansInference.Embedded.Serialization;
using OrleansInference.Embedded.Streams;

namespace OrleansInference.Embedded.Manifest;

/// <summary>One method of a grain interface: what its callers get, how it is called on a grain, and how its values are sent.</summary>
internal abstract class GrainMethod
{
    private static readonly ImmutableHashSet<Type> Returned =
        [typeof(void), typeof(Task), typeof(Task<>), typeof(ValueTask), typeof(ValueTask<>), typeof(IAsyncEnumerable<>)];

    protected GrainMethod(MethodInfo method, MessageSerializer serializer)
    {
        var parameters = method.GetParameters();
        Method = method;
        Name = $"{method.DeclaringType!.Name}.{method.Name}";
        CancellationIndex = Array.FindIndex(parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        Arguments = serializer.ForArguments(parameters);
        Result = method.ReturnType.IsGenericType ? serializer.For(method.ReturnType.GenericTypeArguments[0]) : null;
        IsOneWay = method.ReturnType == typeof(void) || method.IsDefined(typeof(OneWayAttribute));
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        Id = IdOf(method);
    }

    /// <summary>The same in every process that was built from the same interface.</summary>
    public ulong Id { get; }

    public MethodInfo Method { get; }

    /// <summary>For messages to people.</summary>
    public string Name { get; }

    /// <summary>Which argument is the cancellation token; -1 without one.</summary>
    public int CancellationIndex { get; }

    public bool IsOneWay { get; }

    public bool AlwaysInterleaves { get; }

    public TimeSpan? ResponseTimeout { get; }

    /// <summary>Null where there is no result.</summary>
    public MessageFormat? Result { get; }

    /// <summary>Of the <see cref="CallContent"/>.</summary>
    public MessageFormat Arguments { get; }

    /// <exception cref="UnsupportedTypeException">The method cannot be called through the cluster; the message says why.</exception>
    public static GrainMethod Create(MethodInfo method, MessageSerializer serializer)
    {
        Check(method);
        var type = typeof(GrainMethod<>).MakeGenericType(method.ReturnType.GenericTypeArguments.FirstOrDefault(typeof(object)));
        return (GrainMethod)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, null, [method, serializer], null)!;
    }

    /// <summary>Calls the grain by a reference: what this returns is what the method returns.</summary>
    public abstract object Call(GrainReference target, object?[] arguments);

    public abstract Task? Invoke(object grain, object?[] arguments);

    public abstract object? ResultOf(Task completed);

    /// <summary>Calls a method that returns a stream; its elements come boxed.</summary>
    public abstract IAsyncEnumerable<object?> Open(object grain, object?[] arguments, CancellationToken cancellation);

    private static void Check(MethodInfo method)
    {
        var types = method.GetParameters().Select(parameter => parameter.ParameterType).ToList();
        var shape = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
        var fault = method switch
        {
            { IsSpecialName: true } => "it is a property or an event; grain interfaces have methods only",
            { IsGenericMethod: true } => "it is generic",
            _ when types.Exists(type => type.IsByRef) => "it has a ref, in or out parameter",
            _ when types.Count(type => type == typeof(CancellationToken)) > 1 => "it has more than one CancellationToken",
            _ when !Returned.Contains(shape) => $"it returns {method.ReturnType}; Task, ValueTask, one of them with a result, "
                + "IAsyncEnumerable, or void can be returned",
            _ => null,
        };
        if (fault is not null)
            throw new UnsupportedTypeException($"The method cannot be called on a grain: {fault}.");
    }

    private static ulong IdOf(MethodInfo method)
    {
        var parameters = string.Join(',', method.GetParameters().Select(parameter => parameter.ParameterType.ToString()));
        var name = method.GetCustomAttribute<AliasAttribute>()?.Alias ?? method.Name;
        var signature = $"{GrainAssemblies.NameOf(method.DeclaringType!)}.{name}({parameters})";
        return BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(signature)));
    }
}

/// <typeparam name="T">The type of the result, or of a stream's elements; object where there is none.</typeparam>
internal sealed class GrainMethod<T>(MethodInfo method, MessageSerializer serializer) : GrainMethod(method, serializer)
{
    private readonly MethodInvoker _invoker = MethodInvoker.Create(method);

    public override object Call(GrainReference target, object?[] arguments)
    {
        if (Method.ReturnType == typeof(IAsyncEnumerable<T>))
            return new GrainStream<T>(target, this, arguments);
        var call = target.Runtime.Router.Call<T>(target, this, arguments);
        return Method.ReturnType switch
        {
            { IsValueType: false } => call,
            { IsGenericType: true } => new ValueTask<T>(call),
            _ => new ValueTask(call),
        };
    }

    public override Task? Invoke(object grain, object?[] arguments) => _invoker.Invoke(grain, arguments.AsSpan()) switch
    {
        ValueTask<T> pending => pending.AsTask(),
        ValueTask pending => pending.AsTask(),
        null when Method.ReturnType == typeof(void) => Task.CompletedTask,
        var pending => (Task?)pending,
    };

    public override object? ResultOf(Task completed) => completed is Task<T> task ? task.Result : null;

    public override async IAsyncEnumerable<object?> Open(
        object grain, object?[] arguments, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (CancellationIndex >= 0)
            arguments[CancellationIndex] = cancellation;
        var elements = (IAsyncEnumerable<T>?)_invoker.Invoke(grain, arguments.AsSpan())
            ?? throw new InvalidOperationException($"{Name} returned null instead of a stream.");
        await foreach (var element in elements.WithCancellation(cancellation))
            yield return element;
    }
}
