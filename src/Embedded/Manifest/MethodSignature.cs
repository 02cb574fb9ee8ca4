using System.Collections.Immutable;
using System.Reflection;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Manifest;

/// <summary>What a method of a grain interface may look like.</summary>
internal static class MethodSignature
{
    private static readonly ImmutableHashSet<Type> Returned =
        [typeof(void), typeof(Task), typeof(Task<>), typeof(ValueTask), typeof(ValueTask<>), typeof(IAsyncEnumerable<>)];

    /// <exception cref="UnsupportedTypeException">The method is of another kind; the message says of which.</exception>
    public static void Check(MethodInfo method)
    {
        var types = method.GetParameters().Select(parameter => parameter.ParameterType).ToList();
        var fault = method switch
        {
            { IsSpecialName: true } => "it is a property or an event; grain interfaces have methods only",
            { IsGenericMethod: true } => "it is generic",
            _ when types.Exists(type => type.IsByRef) => "it has a ref, in or out parameter",
            _ when types.Count(type => type == typeof(CancellationToken)) > 1 => "it has more than one CancellationToken",
            _ when !Returned.Contains(ShapeOf(method)) => $"it returns {method.ReturnType}; Task, ValueTask, one of them with a result, "
                + "IAsyncEnumerable, or void can be returned",
            _ => null,
        };
        if (fault is not null)
            throw new UnsupportedTypeException($"The method cannot be called on a grain: {fault}.");
    }

    /// <summary>The type of the result, or of a stream's elements; null where there is none.</summary>
    public static Type? ResultOf(MethodInfo method) =>
        method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : null;

    public static bool IsStream(MethodInfo method) => ShapeOf(method) == typeof(IAsyncEnumerable<>);

    private static Type ShapeOf(MethodInfo method) =>
        method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
}
