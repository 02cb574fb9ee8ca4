using System.Buffers.Binary;
using System.Linq.Expressions;
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
    private readonly Lazy<Func<object, object?[], object?>> _invoke;
    private readonly Func<Task, object?>? _resultOf;
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
                _elementsOf = Bind<Func<object, CancellationToken, IAsyncEnumerable<object?>>>(nameof(ReadElements), result);
            else
                _resultOf = Bind<Func<Task, object?>>(nameof(ReadResult), result);
        }
        Id = IdOf(method);
        _invoke = new(() => Compile(method));
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

    public Task? Invoke(object grain, object?[] arguments) => (Task?)_invoke.Value(grain, arguments);

    /// <summary>Calls a method that returns a stream; its elements come boxed.</summary>
    public IAsyncEnumerable<object?> Open(object grain, object?[] arguments, CancellationToken cancellation)
    {
        if (_elementsOf is null)
            throw new InvalidDataException($"{Name} returns no stream.");
        if (CancellationIndex >= 0)
            arguments[CancellationIndex] = cancellation;
        return _elementsOf(_invoke.Value(grain, arguments)
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
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(signature)));
    }

    private static object? ReadResult<T>(Task completed) => ((Task<T>)completed).Result;

    private static async IAsyncEnumerable<object?> ReadElements<T>(
        object stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var element in ((IAsyncEnumerable<T>)stream).WithCancellation(cancellation))
            yield return element;
    }

    private static TDelegate Bind<TDelegate>(string reader, Type result)
        where TDelegate : Delegate =>
        typeof(GrainMethod).GetMethod(reader, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(result).CreateDelegate<TDelegate>();

    private static Func<object, object?[], object?> Compile(MethodInfo method)
    {
        var grain = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object[]));
        var values = method.GetParameters().Select((parameter, i) =>
            Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), parameter.ParameterType));
        Expression call = Expression.Call(Expression.Convert(grain, method.DeclaringType!), method, values);
        if (method.ReturnType == typeof(void))
            call = Expression.Block(call, Expression.Constant(Task.CompletedTask));
        else if (method.ReturnType.IsValueType)
            call = Expression.Call(call, nameof(ValueTask.AsTask), null);
        return Expression.Lambda<Func<object, object?[], object?>>(Expression.Convert(call, typeof(object)), grain, arguments).Compile();
    }
}
