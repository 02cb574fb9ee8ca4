namespace OrleansInference.Embedded.Serialization;

/// <summary>Writes, reads and copies the values of one type.</summary>
internal abstract class Codec
{
    /// <summary>Whether values never change, so that a copy may be the value itself.</summary>
    public abstract bool IsImmutable { get; }

    public abstract void WriteObject(WireWriter writer, object? value);

    public abstract object? ReadObject(WireReader reader);

    public abstract object? CopyObject(object? value, CopyContext context);

    /// <summary>Finds the codecs of the parts. Comes after the codec is known, because types may contain themselves.</summary>
    public virtual void Initialize(CodecProvider provider)
    {
    }
}

internal abstract class Codec<T> : Codec
{
    public abstract void Write(WireWriter writer, T value);

    public abstract T Read(WireReader reader);

    public abstract T Copy(T value, CopyContext context);

    public sealed override void WriteObject(WireWriter writer, object? value) => Write(writer, (T)value!);

    public sealed override object? ReadObject(WireReader reader) => Read(reader);

    public sealed override object? CopyObject(object? value, CopyContext context) => IsImmutable ? value : Copy((T)value!, context);
}

/// <summary>Values that never change and contain nothing.</summary>
internal sealed class LeafCodec<T>(Action<WireWriter, T> write, Func<WireReader, T> read) : Codec<T>
{
    public override bool IsImmutable => true;

    public override void Write(WireWriter writer, T value) => write(writer, value);

    public override T Read(WireReader reader) => read(reader);

    public override T Copy(T value, CopyContext context) => value;
}

/// <summary>A <see cref="LeafCodec{T}"/> whose values may be null.</summary>
internal sealed class NullableLeafCodec<T>(Action<WireWriter, T> write, Func<WireReader, T> read) : Codec<T?>
    where T : class
{
    public override bool IsImmutable => true;

    public override void Write(WireWriter writer, T? value)
    {
        writer.WriteBoolean(value is not null);
        if (value is not null)
            write(writer, value);
    }

    public override T? Read(WireReader reader) => reader.ReadBoolean() ? read(reader) : null;

    public override T? Copy(T? value, CopyContext context) => value;
}

internal sealed class NullableCodec<T> : Codec<T?>
    where T : struct
{
    private Codec<T> _inner = null!;

    public override bool IsImmutable => _inner.IsImmutable;

    public override void Initialize(CodecProvider provider) => _inner = provider.Get<T>();

    public override void Write(WireWriter writer, T? value)
    {
        writer.WriteBoolean(value.HasValue);
        if (value.HasValue)
            _inner.Write(writer, value.Value);
    }

    public override T? Read(WireReader reader) => reader.ReadBoolean() ? _inner.Read(reader) : null;

    public override T? Copy(T? value, CopyContext context) => value.HasValue ? _inner.Copy(value.Value, context) : null;
}

internal sealed class EnumCodec<T> : Codec<T>
    where T : struct, Enum
{
    private static readonly bool IsUnsigned = Enum.GetUnderlyingType(typeof(T)) == typeof(ulong);

    public override bool IsImmutable => true;

    public override void Write(WireWriter writer, T value)
    {
        if (IsUnsigned)
            writer.WriteUInt64(((IConvertible)value).ToUInt64(null));
        else
            writer.WriteInt64(((IConvertible)value).ToInt64(null));
    }

    public override T Read(WireReader reader) =>
        IsUnsigned ? (T)Enum.ToObject(typeof(T), reader.ReadUInt64()) : (T)Enum.ToObject(typeof(T), reader.ReadInt64());

    public override T Copy(T value, CopyContext context) => value;
}
