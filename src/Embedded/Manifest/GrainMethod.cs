using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Orleans;
using Orleans.Concurrency;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Manifest;

/// <summary>One method of a grain interface: how to send its arguments, how to call it, how to send its result.</summary>
internal sealed class GrainMethod
{
    private readonly MethodInvoker _invoker;

    /// <summary>Of the ValueTask that the method returns.</summary>
    private readonly MethodInvoker? _asTask;

    /// <summary>Of the task that the method returns.</summary>
    private readonly MethodInvoker? _resultOf;
    private readonly Func<object, CancellationToken, IAsyncEnumerable<object?>>? _elementsOf;

    /// <exception cref="UnsupportedTypeException">The method cannot be called through the cluster; the message says why.</exception>
    public GrainMethod(MethodInfo method, MessageSerializer serializer)
    {
        Method = method;
        Name = $"{method.DeclaringType!.Name}.{method.Name}";
        MethodSignature.Check(method);
        var parameters = method.GetParameters();
        CancellationIndex = Array.FindIndex(parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        Arguments = serializer.ForArguments(parameters);
        IsOneWay = method.ReturnType == typeof(void) || method.IsDefined(typeof(OneWayAttribute));
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        if (MethodSignature.ResultOf(method) is { } result)
        {
            Result = serializer.For(result);
            if (MethodSignature.IsStream(method))
                _elementsOf = typeof(GrainMethod).GetMethod(nameof(ReadElements), BindingFlags.Static | BindingFlags.NonPublic)!
                    .MakeGenericMethod(result).CreateDelegate<Func<object, CancellationToken, IAsyncEnumerable<object?>>>();
            else
                _resultOf = MethodInvoker.Create(typeof(Task<>).MakeGenericType(result).GetProperty(nameof(Task<>.Result))!.GetMethod!);
        }
        Id = IdOf(method);
        _invoker = MethodInvoker.Create(method);
        _asTask = method.ReturnType.GetMethod(nameof(ValueTask.AsTask)) is { } asTask ? MethodInvoker.Create(asTask) : null;
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

    public Task? Invoke(object grain, object?[] arguments)
    {
        var result = _invoker.Invoke(grain, arguments.AsSpan());
        return Method.ReturnType == typeof(void) ? Task.CompletedTask : (Task?)(_asTask is null ? result : _asTask.Invoke(result));
    }

    /// <summary>Calls a method that returns a stream; its elements come boxed.</summary>
    public IAsyncEnumerable<object?> Open(object grain, object?[] arguments, CancellationToken cancellation)
    {
        if (_elementsOf is null)
            throw new InvalidDataException($"{Name} returns no stream.");
        if (CancellationIndex >= 0)
            arguments[CancellationIndex] = cancellation;
        return _elementsOf(_invoker.Invoke(grain, arguments.AsSpan())
            ?? throw new InvalidOperationException($"{Name} returned null instead of a stream."), cancellation);
    }

    public object? ResultOf(Task completed) => _resultOf?.Invoke(completed);

    public object?[] CopyArguments(object?[] arguments) => arguments.Length == 0
        ? arguments
        : ((CallContent)Arguments.Copy(new CallContent(arguments))!).Arguments;

    private static ulong IdOf(MethodInfo method)
    {
        var parameters = string.Join(',', method.GetParameters().Select(parameter => parameter.ParameterType.ToString()));
        var name = method.GetCustomAttribute<AliasAttribute>()?.Alias ?? method.Name;
        var signature = $"{GrainAssemblies.NameOf(method.DeclaringType!)}.{name}({parameters})";
        return BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(signature)));
    }

    private static async IAsyncEnumerable<object?> ReadElements<T>(
        object stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var element in ((IAsyncEnumerable<T>)stream).WithCancellation(cancellation))
            yield return element;
    }
}
