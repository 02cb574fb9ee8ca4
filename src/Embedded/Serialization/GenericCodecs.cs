using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

// The factories are called by reflection, so what they return in particular helps nobody.
#pragma warning disable CA1859

namespace OrleansInference.Embedded.Serialization;

/// <summary>The codecs of the framework's generic types.</summary>
internal static class GenericCodecs
{
    // By definition: how to make the codec for its type arguments.
    private static readonly Dictionary<Type, Func<Type, Type[], Codec>> Factories = new()
    {
        [typeof(Nullable<>)] = (_, t) => CodecProvider.New(typeof(NullableCodec<>), t),
        [typeof(List<>)] = (_, t) => CodecProvider.New(typeof(ListCodec<>), t),
        [typeof(ImmutableArray<>)] = (_, t) => CodecProvider.New(typeof(ImmutableArrayCodec<>), t),
        [typeof(HashSet<>)] = (_, t) => Call(nameof(HashSet), t),
        [typeof(Queue<>)] = (_, t) => Call(nameof(Queue), t),
        [typeof(Stack<>)] = (_, t) => Call(nameof(Stack), t),
        [typeof(SortedSet<>)] = (_, t) => Call(nameof(SortedSet), t),
        [typeof(ReadOnlyCollection<>)] = (_, t) => Call(nameof(ReadOnlyCollection), t),
        [typeof(ImmutableList<>)] = (_, t) => Call(nameof(ImmutableList), t),
        [typeof(ImmutableHashSet<>)] = (_, t) => Call(nameof(ImmutableHashSet), t),
        [typeof(Dictionary<,>)] = (_, t) => Call(nameof(Dictionary), t),
        [typeof(SortedDictionary<,>)] = (_, t) => Call(nameof(SortedDictionary), t),
        [typeof(ImmutableDictionary<,>)] = (_, t) => Call(nameof(ImmutableDictionary), t),
        [typeof(ImmutableSortedDictionary<,>)] = (_, t) => Call(nameof(ImmutableSortedDictionary), t),
        [typeof(KeyValuePair<,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,,,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,,,,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,,,,,>)] = (type, _) => Fields(type),
        [typeof(ValueTuple<,,,,,,,>)] = (type, _) => Fields(type),
        [typeof(Tuple<>)] = (type, _) => Fields(type),
        [typeof(Tuple<,>)] = (type, _) => Fields(type),
        [typeof(Tuple<,,>)] = (type, _) => Fields(type),
        [typeof(Tuple<,,,>)] = (type, _) => Fields(type),
    };

    // Declared as one of these, a value travels as the type it is.
    private static readonly ImmutableHashSet<Type> Interfaces =
    [
        typeof(IEnumerable<>), typeof(ICollection<>), typeof(IList<>), typeof(ISet<>), typeof(IDictionary<,>),
        typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(IReadOnlySet<>), typeof(IReadOnlyDictionary<,>),
        typeof(IImmutableList<>), typeof(IImmutableDictionary<,>),
    ];

    public static IEnumerable<Type> Definitions => Factories.Keys;

    public static bool TryCreate(Type type, [NotNullWhen(true)] out Codec? codec)
    {
        codec = null;
        if (!type.IsGenericType)
            return false;
        var definition = type.GetGenericTypeDefinition();
        if (Factories.TryGetValue(definition, out var factory))
            codec = factory(type, type.GetGenericArguments());
        else if (Interfaces.Contains(definition))
            codec = CodecProvider.New(typeof(InterfaceCodec<>), [type]);
        return codec is not null;
    }

    private static Codec Fields(Type type) => CodecProvider.New(
        type.IsValueType ? typeof(StructCodec<>) : typeof(ObjectCodec<>), [type], MemberShape.AllFields(type));

    private static Codec Call(string factory, Type[] typeArguments) => (Codec)typeof(GenericCodecs)
        .GetMethod(factory, typeArguments.Length, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic, [])!
        .MakeGenericMethod(typeArguments)
        .Invoke(null, null)!;

    private static Codec HashSet<T>() =>
        new KeyedCodec<HashSet<T>, T, T>(comparer => new HashSet<T>(comparer), set => set.Comparer, (set, element) => set.Add(element));

    private static Codec Queue<T>() => new SequenceCodec<Queue<T>, T>(elements => new Queue<T>(elements), isImmutable: false);

    // A stack lists its elements from the top.
    private static Codec Stack<T>() =>
        new SequenceCodec<Stack<T>, T>(elements => new Stack<T>(elements.Reverse()), isImmutable: false);

    private static Codec SortedSet<T>() => new SequenceCodec<SortedSet<T>, T>(elements => [.. elements], isImmutable: false);

    private static Codec ReadOnlyCollection<T>() =>
        new SequenceCodec<ReadOnlyCollection<T>, T>(elements => new ReadOnlyCollection<T>(elements), isImmutable: false);

    private static Codec ImmutableList<T>() => new SequenceCodec<ImmutableList<T>, T>(elements => [.. elements], isImmutable: true);

    private static Codec ImmutableHashSet<T>() =>
        new SequenceCodec<ImmutableHashSet<T>, T>(elements => [.. elements], isImmutable: true);

    private static Codec Dictionary<TKey, TValue>()
        where TKey : notnull =>
        new KeyedCodec<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>, TKey>(
            comparer => new Dictionary<TKey, TValue>(comparer),
            dictionary => dictionary.Comparer,
            (dictionary, pair) => dictionary.Add(pair.Key, pair.Value));

    private static Codec SortedDictionary<TKey, TValue>()
        where TKey : notnull =>
        new SequenceCodec<SortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            pairs => new SortedDictionary<TKey, TValue>(new Dictionary<TKey, TValue>(pairs)), isImmutable: false);

    private static Codec ImmutableDictionary<TKey, TValue>()
        where TKey : notnull =>
        new SequenceCodec<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            pairs => pairs.ToImmutableDictionary(), isImmutable: true);

    private static Codec ImmutableSortedDictionary<TKey, TValue>()
        where TKey : notnull =>
        new SequenceCodec<ImmutableSortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            pairs => pairs.ToImmutableSortedDictionary(), isImmutable: true);
}

/// <summary>An interface of collections; that its elements can be sent is known from the start.</summary>
internal sealed class InterfaceCodec<T> : Codec<T?>
    where T : class
{
    private readonly AnyCodec<T> _any = new();

    public override bool IsImmutable => false;

    public override void Initialize(CodecProvider provider)
    {
        _any.Initialize(provider);
        foreach (var argument in typeof(T).GetGenericArguments())
            provider.Get(argument);
    }

    public override void Write(WireWriter writer, T? value) => _any.Write(writer, value);

    public override T? Read(WireReader reader) => _any.Read(reader);

    public override T? Copy(T? value, CopyContext context) => _any.Copy(value, context);
}
