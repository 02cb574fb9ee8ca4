using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Classes, by their members.</summary>
internal sealed class ObjectCodec<T>(IReadOnlyList<FieldInfo> fields) : ClassCodec<T>
    where T : class
{
    private readonly bool _isImmutable = typeof(T).IsDefined(typeof(ImmutableAttribute), inherit: false);
    private readonly Func<T> _create = typeof(T).GetConstructor(Type.EmptyTypes) is null
        ? () => (T)RuntimeHelpers.GetUninitializedObject(typeof(T))
        : Activator.CreateInstance<T>;

    private MemberCodec<T>[] _members = [];

    protected override bool IsBodyImmutable => _isImmutable;

    public override void Initialize(CodecProvider provider)
    {
        base.Initialize(provider);
        _members = [.. fields.Select(field => MemberCodec<T>.Create(field, provider))];
    }

    protected override void WriteBody(WireWriter writer, T value)
    {
        foreach (var member in _members)
            member.Write(writer, ref value);
    }

    protected override T ReadBody(WireReader reader, int reference)
    {
        var value = _create();
        reader.SetReference(reference, value);
        foreach (var member in _members)
            member.Read(reader, ref value);
        return value;
    }

    protected override T CopyBody(T value, CopyContext context)
    {
        var copy = _create();
        context.SetCopy(value, copy);
        foreach (var member in _members)
            member.Copy(ref value, ref copy, context);
        return copy;
    }
}

/// <summary>Structs, by their members.</summary>
internal sealed class StructCodec<T>(IReadOnlyList<FieldInfo> fields) : Codec<T>
    where T : struct
{
    private readonly bool _isMarkedImmutable = typeof(T).IsDefined(typeof(ImmutableAttribute), inherit: false);
    private MemberCodec<T>[] _members = [];

    public override bool IsImmutable => _isMarkedImmutable || Array.TrueForAll(_members, member => member.IsImmutable);

    public override void Initialize(CodecProvider provider) =>
        _members = [.. fields.Select(field => MemberCodec<T>.Create(field, provider))];

    public override void Write(WireWriter writer, T value)
    {
        // A struct without members still takes a byte, so that a count of elements can be checked against the message.
        if (_members.Length == 0)
            writer.WriteByte(0);
        foreach (var member in _members)
            member.Write(writer, ref value);
    }

    public override T Read(WireReader reader)
    {
        if (_members.Length == 0)
            reader.ReadByte();
        var value = default(T);
        foreach (var member in _members)
            member.Read(reader, ref value);
        return value;
    }

    public override T Copy(T value, CopyContext context)
    {
        var copy = value;
        foreach (var member in _members)
            member.Copy(ref value, ref copy, context);
        return copy;
    }
}
