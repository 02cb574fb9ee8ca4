using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Migration;

/// <summary>What an activation takes along to another silo: values by key, as bytes.</summary>
internal sealed class MigrationContext(ActivationHost host, Dictionary<string, byte[]> values) : IDehydrationContext, IRehydrationContext
{
    public Dictionary<string, byte[]> Values => values;

    public bool TryAddValue<T>(string key, T? value)
    {
        try
        {
            return values.TryAdd(key, host.Serializer.For(typeof(T)).Write(value, host.Messaging.Value.MaxMessageBodySize));
        }
        catch (UnsupportedTypeException)
        {
            return false;
        }
    }

    public bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value)
    {
        var isThere = values.TryGetValue(key, out var bytes);
        value = isThere ? (T?)host.Serializer.For(typeof(T)).Read(bytes, host.References.Cast) : default;
        return isThere && value is not null;
    }
}
