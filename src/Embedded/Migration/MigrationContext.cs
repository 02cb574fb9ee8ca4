using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Migration;

/// <summary>What an activation takes along to another silo: values by key, as bytes.</summary>
internal sealed class MigrationContext(
    Dictionary<string, byte[]> values, CodecProvider codecs, GrainReferenceRuntime references, int maximumBytes)
    : IDehydrationContext, IRehydrationContext
{
    public Dictionary<string, byte[]> Values => values;

    public bool TryAddValue<T>(string key, T? value)
    {
        if (values.ContainsKey(key) || !TryGetCodec<T>(out var codec))
            return false;
        using var writer = new WireWriter(maximumBytes);
        codec.WriteObject(writer, value);
        values.Add(key, writer.Written.ToArray());
        return true;
    }

    public bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value)
    {
        value = values.TryGetValue(key, out var bytes) && TryGetCodec<T>(out var codec)
            ? (T?)codec.ReadObject(new WireReader(bytes, references.Cast))
            : default;
        return value is not null && values.ContainsKey(key);
    }

    private bool TryGetCodec<T>([NotNullWhen(true)] out Codec? codec)
    {
        try
        {
            codec = codecs.Get<T>();
        }
        catch (UnsupportedTypeException)
        {
            codec = null;
        }
        return codec is not null;
    }
}
