using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Collections that the framework's serializer would give back otherwise than they were, or not at all.</summary>
internal sealed class CollectionConverters : JsonConverterFactory
{
    private static readonly ImmutableDictionary<Type, string> Factories = new Dictionary<Type, string>
    {
        [typeof(ImmutableArray<>)] = nameof(ImmutableArray),
        [typeof(Stack<>)] = nameof(Stack),
        [typeof(ReadOnlyCollection<>)] = nameof(ReadOnlyCollection),
        [typeof(IReadOnlySet<>)] = nameof(ReadOnlySet),
        [typeof(HashSet<>)] = nameof(HashSet),
        [typeof(Dictionary<,>)] = nameof(Dictionary),
    }.ToImmutableDictionary();

    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && Factories.ContainsKey(typeToConvert.GetGenericTypeDefinition());

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)typeof(CollectionConverters)
            .GetMethod(Factories[typeToConvert.GetGenericTypeDefinition()], BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(typeToConvert.GetGenericArguments()).Invoke(null, null)!;

    // The default has no elements, not even none.
    private static CollectionConverter<ImmutableArray<T>, T> ImmutableArray<T>() => new(
        ImmutableCollectionsMarshal.AsArray, (items, _) => ImmutableCollectionsMarshal.AsImmutableArray(items));

    // A stack lists its elements from the top.
    private static CollectionConverter<Stack<T>, T> Stack<T>() => new(stack => [.. stack], (items, _) => new(items!.Reverse()));

    private static CollectionConverter<ReadOnlyCollection<T>, T> ReadOnlyCollection<T>() =>
        new(collection => [.. collection], (items, _) => new(items!));

    private static CollectionConverter<IReadOnlySet<T>, T> ReadOnlySet<T>() => new(set => [.. set], (items, _) => new HashSet<T>(items!));

    private static CollectionConverter<HashSet<T>, T> HashSet<T>() =>
        new(set => [.. set], (items, comparer) => new(items!, (IEqualityComparer<T>?)comparer), set => set.Comparer);

    private static CollectionConverter<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> Dictionary<TKey, TValue>()
        where TKey : notnull =>
        new(pairs => [.. pairs], (pairs, comparer) => new(pairs!, (IEqualityComparer<TKey>?)comparer), dictionary => dictionary.Comparer);
}

/// <summary>A collection as the array of its elements, after whether it takes upper and lower case for the same.</summary>
internal sealed class CollectionConverter<TCollection, T>(
    Func<TCollection, T[]?> elementsOf, Func<T[]?, object?, TCollection> build, Func<TCollection, object>? comparerOf = null)
    : JsonConverter<TCollection>
{
    public override TCollection Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var ignoresCase = reader.GetBoolean();
        reader.Read();
        var elements = JsonSerializer.Deserialize<T[]>(ref reader, options);
        reader.Read();
        return build(elements, ignoresCase ? StringComparer.OrdinalIgnoreCase : null);
    }

    public override void Write(Utf8JsonWriter writer, TCollection value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteBooleanValue(IgnoresCase(value));
        JsonSerializer.Serialize(writer, elementsOf(value), options);
        writer.WriteEndArray();
    }

    private bool IgnoresCase(TCollection value) => comparerOf?.Invoke(value) switch
    {
        null => false,
        var comparer when ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase) => true,
        StringComparer comparer when ReferenceEquals(comparer, StringComparer.Ordinal) => false,
        var comparer when comparer.GetType().Namespace == typeof(EqualityComparer<>).Namespace => false,
        var comparer => throw new NotSupportedException(
            $"A {typeof(TCollection)} with the comparer {comparer.GetType()} cannot be sent: "
            + "use the default, StringComparer.Ordinal or OrdinalIgnoreCase."),
    };
}
