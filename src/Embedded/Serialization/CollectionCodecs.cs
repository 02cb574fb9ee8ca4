using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Arrays of elements that lie in memory as they are sent.</summary>
internal sealed class BlockArrayCodec<T> : ClassCodec<T[]>
    where T : unmanaged
{
    protected override bool IsBodyImmutable => false;

    protected override void WriteBody(WireWriter writer, T[] value) => writer.WriteBlock<T>(value);

    protected override T[] ReadBody(WireReader reader, int reference) => reader.ReadBlock<T>();

    protected override T[] CopyBody(T[] value, CopyContext context) => (T[])value.Clone();
}

internal sealed class ArrayCodec<T> : ClassCodec<T[]>
{
    private Codec<T> _element = null!;

    protected override bool IsBodyImmutable => false;

    public override void Initialize(CodecProvider provider)
    {
        base.Initialize(provider);
        _element = provider.Get<T>();
    }

    protected override void WriteBody(WireWriter writer, T[] value) => Elements.Write(writer, value, _element);

    protected override T[] ReadBody(WireReader reader, int reference) => Elements.Read(reader, _element);

    protected override T[] CopyBody(T[] value, CopyContext context)
    {
        var copy = new T[value.Length];
        context.SetCopy(value, copy);
        for (var i = 0; i < copy.Length; i++)
            copy[i] = _element.Copy(value[i], context);
        return copy;
    }
}

internal sealed class ListCodec<T> : ClassCodec<List<T>>
{
    private Codec<T> _element = null!;

    protected override bool IsBodyImmutable => false;

    public override void Initialize(CodecProvider provider)
    {
        base.Initialize(provider);
        _element = provider.Get<T>();
    }

    protected override void WriteBody(WireWriter writer, List<T> value) =>
        Elements.Write(writer, CollectionsMarshal.AsSpan(value), _element);

    protected override List<T> ReadBody(WireReader reader, int reference)
    {
        var list = new List<T>();
        reader.SetReference(reference, list);
        list.AddRange(Elements.Read(reader, _element));
        return list;
    }

    protected override List<T> CopyBody(List<T> value, CopyContext context)
    {
        var copy = new List<T>(value.Count);
        context.SetCopy(value, copy);
        foreach (var element in value)
            copy.Add(_element.Copy(element, context));
        return copy;
    }
}

/// <summary>Collections that are made from all their elements at once.</summary>
internal sealed class SequenceCodec<TCollection, T>(Func<T[], TCollection> build, bool isImmutable) : ClassCodec<TCollection>
    where TCollection : class, IEnumerable<T>
{
    private Codec<T> _element = null!;

    protected override bool IsBodyImmutable => isImmutable && _element.IsImmutable;

    public override void Initialize(CodecProvider provider)
    {
        base.Initialize(provider);
        _element = provider.Get<T>();
    }

    protected override void WriteBody(WireWriter writer, TCollection value) => Elements.Write(writer, value.ToArray(), _element);

    protected override TCollection ReadBody(WireReader reader, int reference) => build(Elements.Read(reader, _element));

    protected override TCollection CopyBody(TCollection value, CopyContext context)
    {
        var copy = build([.. value.Select(element => _element.Copy(element, context))]);
        context.SetCopy(value, copy);
        return copy;
    }
}

/// <summary>Dictionaries and sets, which also have a comparer.</summary>
internal sealed class KeyedCodec<TCollection, T, TKey>(
    Func<IEqualityComparer<TKey>, TCollection> create, Func<TCollection, IEqualityComparer<TKey>> comparerOf, Action<TCollection, T> add)
    : ClassCodec<TCollection>
    where TCollection : class, IReadOnlyCollection<T>
{
    private Codec<T> _element = null!;

    protected override bool IsBodyImmutable => false;

    public override void Initialize(CodecProvider provider)
    {
        base.Initialize(provider);
        _element = provider.Get<T>();
    }

    protected override void WriteBody(WireWriter writer, TCollection value)
    {
        writer.WriteByte(Comparers.CodeOf(comparerOf(value), typeof(TCollection)));
        Elements.Write(writer, value.ToArray(), _element);
    }

    protected override TCollection ReadBody(WireReader reader, int reference)
    {
        var collection = create(Comparers.FromCode<TKey>(reader.ReadByte()));
        reader.SetReference(reference, collection);
        foreach (var element in Elements.Read(reader, _element))
            add(collection, element);
        return collection;
    }

    protected override TCollection CopyBody(TCollection value, CopyContext context)
    {
        var copy = create(comparerOf(value));
        context.SetCopy(value, copy);
        foreach (var element in value)
            add(copy, _element.Copy(element, context));
        return copy;
    }
}

internal sealed class ImmutableArrayCodec<T> : Codec<ImmutableArray<T>>
{
    private Codec<T> _element = null!;

    public override bool IsImmutable => _element.IsImmutable;

    public override void Initialize(CodecProvider provider) => _element = provider.Get<T>();

    public override void Write(WireWriter writer, ImmutableArray<T> value)
    {
        writer.WriteBoolean(!value.IsDefault);
        if (!value.IsDefault)
            Elements.Write(writer, value.AsSpan(), _element);
    }

    public override ImmutableArray<T> Read(WireReader reader) =>
        reader.ReadBoolean() ? ImmutableCollectionsMarshal.AsImmutableArray(Elements.Read(reader, _element)) : default;

    public override ImmutableArray<T> Copy(ImmutableArray<T> value, CopyContext context)
    {
        if (value.IsDefault || IsImmutable)
            return value;
        var copy = new T[value.Length];
        for (var i = 0; i < copy.Length; i++)
            copy[i] = _element.Copy(value[i], context);
        return ImmutableCollectionsMarshal.AsImmutableArray(copy);
    }
}

internal static class Elements
{
    public static void Write<T>(WireWriter writer, ReadOnlySpan<T> values, Codec<T> codec)
    {
        writer.WriteCount(values.Length);
        foreach (var value in values)
            codec.Write(writer, value);
    }

    public static T[] Read<T>(WireReader reader, Codec<T> codec)
    {
        var count = reader.ReadCount();

        // Every element takes a byte at least, so a count that cannot be true is refused before memory is taken for it.
        if (count > reader.Remaining)
            throw new InvalidDataException($"{count} elements of {typeof(T)} are more than the message holds.");
        var values = new T[count];
        for (var i = 0; i < count; i++)
            values[i] = codec.Read(reader);
        return values;
    }
}

internal static class Comparers
{
    public static byte CodeOf<TKey>(IEqualityComparer<TKey> comparer, Type collection) => comparer switch
    {
        _ when comparer.Equals(EqualityComparer<TKey>.Default) || ReferenceEquals(comparer, StringComparer.Ordinal) => 0,
        _ when ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase) => 1,
        _ => throw new NotSupportedException(
            $"A {collection} with the comparer {comparer.GetType()} cannot be sent: "
            + "use the default, StringComparer.Ordinal or OrdinalIgnoreCase."),
    };

    public static IEqualityComparer<TKey> FromCode<TKey>(byte code) => code switch
    {
        0 => EqualityComparer<TKey>.Default,
        1 when typeof(TKey) == typeof(string) => Unsafe.As<IEqualityComparer<TKey>>(StringComparer.OrdinalIgnoreCase),
        _ => throw new InvalidDataException($"{code} is no comparer of {typeof(TKey)}."),
    };
}
