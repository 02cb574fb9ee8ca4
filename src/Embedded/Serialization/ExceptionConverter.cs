using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans;
using Orleans.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>
/// Exceptions: type, message, stack, causes, and the members of a [GenerateSerializer] exception. A caller without the type gets an
/// <see cref="UnavailableExceptionFallbackException"/>. No constructor of the type runs.
/// </summary>
internal sealed class ExceptionConverter<T> : JsonConverter<T>
    where T : Exception
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (T)JsonSerializer.Deserialize<SentException>(ref reader, options)!.ToException(options);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, SentException.Of(value, options), options);
}

/// <param name="Members">In the order of the type's members.</param>
[GenerateSerializer]
internal sealed record SentException(
    string Type, string Assembly, string Message, string? Stack, int Result, Exception[] Causes, JsonElement[] Members)
{
    public static SentException Of(Exception value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        // As in Orleans: an application marks its exceptions, and the frameworks' go without.
        if (!IsMarked(type) && type.Namespace?.Split('.', 2)[0] is not ("System" or "Microsoft" or "Azure"))
            throw new CodecNotFoundException($"Could not find a codec for type {type}.");
        Exception?[] causes = value is AggregateException several ? [.. several.InnerExceptions] : [value.InnerException];
        return new(
            type.FullName!,
            type.Assembly.GetName().Name!,
            value.Message,
            value.StackTrace,
            value.HResult,
            [.. causes.OfType<Exception>()],
            [.. MembersOf(type).Select(field => JsonSerializer.SerializeToElement(field.GetValue(value), field.FieldType, options))]);
    }

    public Exception ToException(JsonSerializerOptions options)
    {
        var type = System.Type.GetType($"{Type}, {Assembly}");
        var exception = Create(type is { IsAbstract: false } && type.IsAssignableTo(typeof(Exception)) ? type : null);
        exception.HResult = Result;
        if (Stack is not null)
            ExceptionDispatchInfo.SetRemoteStackTrace(exception, Stack);
        foreach (var (field, member) in MembersOf(exception.GetType()).Zip(Members))
            field.SetValue(exception, member.Deserialize(field.FieldType, options));
        return exception;
    }

    private Exception Create(Type? type)
    {
        if (type is null)
            return new UnavailableExceptionFallbackException(Message, Causes.FirstOrDefault()!) { ExceptionType = Type };
        if (type == typeof(AggregateException))
            return new AggregateException(Message.Split(" (", 2)[0], Causes);
        var exception = (Exception)RuntimeHelpers.GetUninitializedObject(type);
        Construct(exception);
        MessageOf(exception) = Message;
        CauseOf(exception) = Causes.FirstOrDefault();
        return exception;
    }

    private static bool IsMarked(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    private static IReadOnlyList<FieldInfo> MembersOf(Type type) => IsMarked(type) ? MemberShape.Of(type) : [];

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = ".ctor")]
    private static extern void Construct(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageOf(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? CauseOf(Exception exception);
}
