using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Migration;

/// <summary>What an activation takes along to another silo: values by key, as bytes.</summary>
internal sealed class MigrationContext(
    Dictionary<string, byte[]> values, MessageSerializer serializer, GrainReferenceRuntime references, int maximumBytes)
    : IDehydrationContext, IRehydrationContext
{
    public Dictionary<string, byte[]> Values => values;

    public bool TryAddValue<T>(string key, T? value) =>
        TryGetFormat<T>(out var format) && values.TryAdd(key, format.Write(value, maximumBytes));

    public bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value)
    {
        value = values.TryGetValue(key, out var bytes) && TryGetFormat<T>(out var format)
            ? (T?)format.Read(bytes, references.Cast)
            : default;
        return value is not null && values.ContainsKey(key);
    }

    private bool TryGetFormat<T>([NotNullWhen(true)] out MessageFormat? format)
    {
        try
        {
            format = serializer.For(typeof(T));
        }
        catch (UnsupportedTypeException)
        {
            format = null;
        }
        return format is not null;
    }
}
