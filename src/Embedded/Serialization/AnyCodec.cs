namespace OrleansInference.Embedded.Serialization;

/// <summary>Values declared as an interface, an abstract type or object: each travels as the type it is.</summary>
internal sealed class AnyCodec<T> : ClassCodec<T>
    where T : class
{
    protected override bool IsBodyImmutable => typeof(T) == typeof(object);

    public override bool IsImmutable => false;

    // Only a plain object is of exactly the declared type here.
    protected override void WriteBody(WireWriter writer, T value)
    {
    }

    protected override T ReadBody(WireReader reader, int reference) => typeof(T) == typeof(object)
        ? (T)new object()
        : throw new InvalidDataException($"There can be no plain {typeof(T)}.");

    protected override T CopyBody(T value, CopyContext context) => value;
}

/// <summary>Lets a value that is no object of its own (a number, a string) stand where any object may.</summary>
internal sealed class BoxCodec(Codec inner) : IClassCodec
{
    public bool IsBodyImmutable => inner.IsImmutable;

    public void WriteBodyObject(WireWriter writer, object value) => inner.WriteObject(writer, value);

    public object ReadBodyObject(WireReader reader, int reference) =>
        inner.ReadObject(reader) ?? throw new InvalidDataException("A boxed value is missing.");

    public object CopyBodyObject(object value, CopyContext context) => inner.CopyObject(value, context)!;
}
