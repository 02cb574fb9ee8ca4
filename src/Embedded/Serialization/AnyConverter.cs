using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Values declared as object: each travels as the type it is, after its name.</summary>
internal sealed class AnyConverter(MessageTypes types) : JsonConverter<object>
{
    public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var type = types.Find(reader.GetString()!);
        reader.Read();
        var value = JsonSerializer.Deserialize(ref reader, type, options);
        reader.Read();
        return value;
    }

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        var type = MessageTypes.TypeToSend(value);
        writer.WriteStartArray();
        writer.WriteStringValue(types.NameOf(type));
        JsonSerializer.Serialize(writer, value, type, options);
        writer.WriteEndArray();
    }
}
