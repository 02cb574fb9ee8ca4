using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans;
using Orleans.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>
/// Exceptions: type, message, stack, cause, and the members of a [GenerateSerializer] exception. A caller without the type gets an
/// <see cref="UnavailableExceptionFallbackException"/>. No constructor of the type runs.
/// </summary>
internal sealed class ExceptionConverter<T> : JsonConverter<T>
    where T : Exception
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (T)Exceptions.Read(JsonElement.ParseValue(ref reader), options);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => Exceptions.Write(writer, value, options);
}

internal sealed class ExceptionConverters : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(Exception).IsAssignableFrom(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(ExceptionConverter<>).MakeGenericType(typeToConvert))!;
}

internal static class Exceptions
{
    private static readonly ConcurrentDictionary<string, Type> Types = new(StringComparer.Ordinal);

    public static void Write(Utf8JsonWriter writer, Exception value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        if (!IsSendable(type))
            throw new CodecNotFoundException($"Could not find a codec for type {type}.");
        writer.WriteStartObject();
        writer.WriteString("type", type.FullName);
        writer.WriteString("assembly", type.Assembly.GetName().Name);
        writer.WriteString("message", value.Message);
        writer.WriteString("stack", value.StackTrace);
        writer.WriteNumber("result", value.HResult);
        writer.WritePropertyName("causes");
        Exception?[] causes = value is AggregateException several ? [.. several.InnerExceptions] : [value.InnerException];
        JsonSerializer.Serialize(writer, causes.OfType<Exception>().ToArray(), options);
        writer.WriteStartObject("members");
        foreach (var field in MembersOf(type))
        {
            writer.WritePropertyName(field.Name);
            JsonSerializer.Serialize(writer, field.GetValue(value), field.FieldType, options);
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public static Exception Read(JsonElement sent, JsonSerializerOptions options)
    {
        var name = sent.GetProperty("type").GetString()!;
        var type = Find(name, sent.GetProperty("assembly").GetString()!);
        var causes = sent.GetProperty("causes").Deserialize<Exception[]>(options)!;
        var exception = Create(type, name, sent.GetProperty("message").GetString()!, causes);
        exception.HResult = sent.GetProperty("result").GetInt32();
        if (sent.GetProperty("stack").GetString() is { } stack)
            ExceptionDispatchInfo.SetRemoteStackTrace(exception, stack);
        foreach (var field in type is null ? [] : MembersOf(type))
            field.SetValue(exception, sent.GetProperty("members").GetProperty(field.Name).Deserialize(field.FieldType, options));
        return exception;
    }

    private static Exception Create(Type? type, string name, string message, Exception[] causes)
    {
        if (type is null)
            return new UnavailableExceptionFallbackException(message, causes.FirstOrDefault()!) { ExceptionType = name };
        if (type == typeof(AggregateException))
            return new AggregateException(message.Split(" (", 2)[0], causes);
        var exception = (Exception)RuntimeHelpers.GetUninitializedObject(type);
        Construct(exception);
        MessageOf(exception) = message;
        CauseOf(exception) = causes.FirstOrDefault();
        return exception;
    }

    // As in Orleans: an application marks its exceptions, and the frameworks' go without.
    private static bool IsSendable(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
        || (type.Namespace ?? "").Split('.', 2)[0] is "System" or "Microsoft" or "Azure";

    private static IReadOnlyList<FieldInfo> MembersOf(Type type) =>
        type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) ? MemberShape.Of(type) : [];

    private static Type? Find(string name, string assembly)
    {
        var key = $"{name}, {assembly}";
        if (Types.TryGetValue(key, out var known))
            return known;
        var loaded = AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(candidate => candidate.GetName().Name == assembly);
        var type = loaded?.GetType(name, throwOnError: false);
        return type is { IsAbstract: false, ContainsGenericParameters: false } && typeof(Exception).IsAssignableFrom(type)
            ? Types.GetOrAdd(key, type)
            : null;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = ".ctor")]
    private static extern void Construct(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageOf(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? CauseOf(Exception exception);
}
