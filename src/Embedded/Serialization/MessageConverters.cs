using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Values that are written as text.</summary>
internal sealed class TextConverter<T>(Func<T, string> write, Func<string, T> read) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => read(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(write(value));
}

internal static class TextConverters
{
    public static IEnumerable<JsonConverter> All =>
    [
        new TextConverter<IPAddress>(address => address.ToString(), IPAddress.Parse),
        new TextConverter<IPEndPoint>(endpoint => endpoint.ToString(), IPEndPoint.Parse),
        new TextConverter<IdSpan>(id => id.ToString(), SpanOf),
        new TextConverter<GrainType>(type => type.ToString(), text => new GrainType(SpanOf(text))),
        new TextConverter<GrainInterfaceType>(type => type.ToString(), text => new GrainInterfaceType(text)),
        new TextConverter<GrainId>(id => id.ToString(), GrainIdOf),
    ];

    private static IdSpan SpanOf(string text) => text.Length == 0 ? default : IdSpan.Create(text);

    private static GrainId GrainIdOf(string text)
    {
        var end = text.IndexOf('/', StringComparison.Ordinal);
        return new(new GrainType(SpanOf(text[..end])), SpanOf(text[(end + 1)..]));
    }
}

/// <summary>Values declared as object: each travels as the type it is.</summary>
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

/// <summary>References to grains. A grain itself, handed over by mistake or for brevity, travels as a reference to it.</summary>
internal sealed class GrainReferenceConverters : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(IAddressable).IsAssignableFrom(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : class, IAddressable
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            (T)Message.Current.BindReference!(JsonSerializer.Deserialize<GrainId>(ref reader, options), typeof(T));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            var reference = (GrainReference)(object)value.AsReference<T>();
            JsonSerializer.Serialize(writer, reference.GrainId, options);
            Message.Current.BindReference ??= reference.Runtime.Cast;
        }
    }
}

/// <summary>In copies within a silo: what never changes is handed over as it is.</summary>
internal sealed class SharedConverters(MessageTypes types) : JsonConverterFactory
{
    // A type that stands for its base is not asked for its converter.
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsClass && typeToConvert.BaseType == typeof(object)
        && typeToConvert != typeof(string) && types.IsImmutable(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => NewConverter(typeToConvert);

    /// <summary>Has copies share a member whatever its type is.</summary>
    public static void Apply(JsonPropertyInfo member, JsonSerializerOptions options)
    {
        if (options.Converters.OfType<SharedConverters>().Any())
            member.CustomConverter = NewConverter(member.PropertyType);
    }

    private static JsonConverter NewConverter(Type type) =>
        (JsonConverter)Activator.CreateInstance(typeof(SharedConverter<>).MakeGenericType(type))!;
}

internal sealed class SharedConverter<T> : JsonConverter<T>
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (T?)Message.Current.Shared(reader.GetInt32());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(Message.Current.Share(value));
}
