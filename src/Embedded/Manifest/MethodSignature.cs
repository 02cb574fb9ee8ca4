using System.Reflection;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Manifest;

/// <summary>What a method of a grain interface may look like.</summary>
internal static class MethodSignature
{
    public static void Check(MethodInfo method)
    {
        if (method.IsSpecialName)
            Refuse(method, "it is a property or an event; grain interfaces have methods only");
        if (method.IsGenericMethod)
            Refuse(method, "it is generic");
        if (method.GetParameters().Any(parameter => parameter.ParameterType.IsByRef))
            Refuse(method, "it has a ref, in or out parameter");
        if (method.GetParameters().Count(parameter => parameter.ParameterType == typeof(CancellationToken)) > 1)
            Refuse(method, "it has more than one CancellationToken");
        if (!IsAwaitable(method.ReturnType) && !IsStream(method))
            Refuse(method, $"it returns {method.ReturnType}; Task, ValueTask, one of them with a result, IAsyncEnumerable, or void can be returned");
    }

    /// <summary>The type of the result, or of a stream's elements; null where there is none.</summary>
    public static Type? ResultOf(MethodInfo method) =>
        method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : null;

    public static bool IsStream(MethodInfo method) =>
        method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);

    private static bool IsAwaitable(Type type)
    {
        var shape = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return shape == typeof(void)
            || shape == typeof(Task) || shape == typeof(Task<>)
            || shape == typeof(ValueTask) || shape == typeof(ValueTask<>);
    }

    private static void Refuse(MethodInfo method, string reason) =>
        throw new UnsupportedTypeException($"The method cannot be called on a grain: {reason}.");
}
