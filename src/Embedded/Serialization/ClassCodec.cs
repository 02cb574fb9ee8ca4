namespace OrleansInference.Embedded.Serialization;

/// <summary>Values of a reference type: null, seen before, of exactly this type, or of a type derived from it.</summary>
internal abstract class ClassCodec<T> : Codec<T?>, IClassCodec
    where T : class
{
    private CodecProvider _provider = null!;

    /// <summary>Whether values of exactly this type never change.</summary>
    protected abstract bool IsBodyImmutable { get; }

    public override bool IsImmutable => IsBodyImmutable && typeof(T).IsSealed;

    bool IClassCodec.IsBodyImmutable => IsBodyImmutable;

    protected abstract void WriteBody(WireWriter writer, T value);

    protected abstract T ReadBody(WireReader reader, int reference);

    protected abstract T CopyBody(T value, CopyContext context);

    public override void Initialize(CodecProvider provider) => _provider = provider;

    public sealed override void Write(WireWriter writer, T? value)
    {
        if (value is null)
        {
            writer.WriteByte(ReferenceMark.Null);
            return;
        }
        if (!writer.TryBeginReference(value))
            return;
        var type = CodecProvider.TypeToSend(value);
        if (type == typeof(T))
        {
            writer.WriteByte(ReferenceMark.Exact);
            WriteGuarded(this, writer, value);
            return;
        }
        var codec = _provider.GetForValue(type);
        writer.WriteByte(ReferenceMark.Typed);
        _provider.Types.Write(writer, type);
        WriteGuarded(codec, writer, value);
    }

    public sealed override T? Read(WireReader reader)
    {
        switch (reader.ReadByte())
        {
            case ReferenceMark.Null:
                return null;
            case ReferenceMark.Repeated:
                return reader.ReadRepeated() as T ?? throw new InvalidDataException($"An object of another type stands for a {typeof(T)}.");
            case ReferenceMark.Exact:
                return (T)ReadGuarded(this, reader);
            case ReferenceMark.Typed:
                var type = _provider.Types.Read(reader);
                if (!typeof(T).IsAssignableFrom(type))
                    throw new InvalidDataException($"A {type} stands for a {typeof(T)}.");
                return (T)ReadGuarded(_provider.GetForValue(type), reader);
            case var other:
                throw new InvalidDataException($"{other} does not start an object.");
        }
    }

    public sealed override T? Copy(T? value, CopyContext context)
    {
        if (value is null)
            return null;
        var type = CodecProvider.TypeToSend(value);
        IClassCodec codec = type == typeof(T) ? this : _provider.GetForValue(type);
        if (codec.IsBodyImmutable)
            return value;
        if (context.TryGetCopy(value, out var copy))
            return (T?)copy;
        context.Enter(type);
        var result = (T)codec.CopyBodyObject(value, context);
        context.Leave();
        return result;
    }

    void IClassCodec.WriteBodyObject(WireWriter writer, object value) => WriteBody(writer, (T)value);

    object IClassCodec.ReadBodyObject(WireReader reader, int reference) => ReadBody(reader, reference);

    object IClassCodec.CopyBodyObject(object value, CopyContext context) => CopyBody((T)value, context);

    private static void WriteGuarded(IClassCodec codec, WireWriter writer, object value)
    {
        writer.Enter(typeof(T));
        codec.WriteBodyObject(writer, value);
        writer.Leave();
    }

    private static object ReadGuarded(IClassCodec codec, WireReader reader)
    {
        reader.Enter();
        var reference = reader.BeginReference();
        var value = codec.ReadBodyObject(reader, reference);
        reader.SetReference(reference, value);
        reader.Leave();
        return value;
    }
}

/// <summary>A <see cref="ClassCodec{T}"/> when only the type of the value is known.</summary>
internal interface IClassCodec
{
    bool IsBodyImmutable { get; }

    void WriteBodyObject(WireWriter writer, object value);

    object ReadBodyObject(WireReader reader, int reference);

    object CopyBodyObject(object value, CopyContext context);
}
