using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Values declared as object: each travels as the type it is, after its name.</summary>
internal sealed class AnyConverter : JsonConverter<object>
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();
    private static readonly ConcurrentDictionary<string, Type> Types = new(StringComparer.Ordinal);

    public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var type = Types.GetOrAdd(reader.GetString()!, static name => MessageTypes.Check(Type.GetType(name, throwOnError: true)!));
        reader.Read();
        var value = JsonSerializer.Deserialize(ref reader, type, options);
        reader.Read();
        return value;
    }

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        var type = MessageTypes.TypeToSend(value);
        writer.WriteStartArray();
        writer.WriteStringValue(Names.GetOrAdd(type, static sent => MessageTypes.Check(sent).AssemblyQualifiedName!));
        JsonSerializer.Serialize(writer, value, type, options);
        writer.WriteEndArray();
    }
}
