using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Orleans;
using Orleans.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Exceptions where an argument or a result declares them.</summary>
internal sealed class ExceptionCodec<T> : Codec<T?>
    where T : Exception
{
    private CodecProvider _provider = null!;

    // Exceptions are thrown, caught and thrown again as they are; nobody takes them for values to change.
    public override bool IsImmutable => true;

    public override void Initialize(CodecProvider provider)
    {
        _provider = provider;
        if (typeof(T).IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            MemberShape.Of(typeof(T));
    }

    public override void Write(WireWriter writer, T? value)
    {
        writer.WriteBoolean(value is not null);
        if (value is not null)
            Exceptions.Write(writer, value, _provider);
    }

    public override T? Read(WireReader reader)
    {
        if (!reader.ReadBoolean())
            return null;
        var exception = Exceptions.Read(reader, _provider);
        return exception as T ?? throw new InvalidDataException($"A {exception.GetType()} stands for a {typeof(T)}.");
    }

    public override T? Copy(T? value, CopyContext context) => value;
}

/// <summary>
/// Exceptions on the wire: type, message, stack, cause, and the members of a [GenerateSerializer] exception. A caller without the
/// type gets an <see cref="UnavailableExceptionFallbackException"/>. No constructor of the type runs.
/// </summary>
internal static class Exceptions
{
    private static readonly ConcurrentDictionary<string, Type> Types = new(StringComparer.Ordinal);

    public static void Write(WireWriter writer, Exception value, CodecProvider provider)
    {
        var type = value.GetType();
        if (!IsSendable(type))
            throw new CodecNotFoundException($"Could not find a codec for type {type}.");
        writer.Enter(type);
        writer.WriteString(type.FullName!);
        writer.WriteString(type.Assembly.GetName().Name!);
        writer.WriteString(value.Message);
        writer.WriteString(value.StackTrace ?? "");
        writer.WriteInt32(value.HResult);
        Exception[] causes = value switch
        {
            AggregateException aggregate => [.. aggregate.InnerExceptions],
            { InnerException: { } inner } => [inner],
            _ => [],
        };
        writer.WriteCount(causes.Length);
        foreach (var cause in causes)
            Write(writer, cause, provider);
        var start = writer.BeginLength();
        foreach (var field in MembersOf(type))
            provider.Get(field.FieldType).WriteObject(writer, field.GetValue(value));
        writer.EndLength(start);
        writer.Leave();
    }

    public static Exception Read(WireReader reader, CodecProvider provider)
    {
        reader.Enter();
        var name = reader.ReadString();
        var type = Find(name, reader.ReadString());
        var message = reader.ReadString();
        var stack = reader.ReadString();
        var result = reader.ReadInt32();
        var causes = new Exception[Math.Min(reader.ReadCount(), reader.Remaining)];
        for (var i = 0; i < causes.Length; i++)
            causes[i] = Read(reader, provider);
        var members = reader.ReadPart();
        reader.Leave();

        var exception = Create(type, name, message, causes);
        exception.HResult = result;
        if (stack.Length > 0)
            ExceptionDispatchInfo.SetRemoteStackTrace(exception, stack);
        foreach (var field in type is null ? [] : MembersOf(type))
            field.SetValue(exception, provider.Get(field.FieldType).ReadObject(members));
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
