using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Has values that the framework's serializer would give back otherwise than they were, or not at all, travel as others.</summary>
internal sealed class Surrogates : JsonConverterFactory
{
    private static readonly ImmutableDictionary<Type, Type> Collections = new Dictionary<Type, Type>
    {
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayConverter<>),
        [typeof(Stack<>)] = typeof(StackConverter<>),
        [typeof(ReadOnlyCollection<>)] = typeof(ReadOnlyCollectionConverter<>),
        [typeof(HashSet<>)] = typeof(HashSetConverter<>),
        [typeof(Dictionary<,>)] = typeof(DictionaryConverter<,>),
    }.ToImmutableDictionary();

    public override bool CanConvert(Type typeToConvert) => ConverterOf(typeToConvert) is not null;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(ConverterOf(typeToConvert)!)!;

    private static Type? ConverterOf(Type type)
    {
        if (typeof(IAddressable).IsAssignableFrom(type))
            return typeof(GrainReferenceConverter<>).MakeGenericType(type);
        if (typeof(Exception).IsAssignableFrom(type))
            return typeof(ExceptionConverter<>).MakeGenericType(type);
        return type.IsGenericType && Collections.TryGetValue(type.GetGenericTypeDefinition(), out var converter)
            ? converter.MakeGenericType(type.GetGenericArguments())
            : null;
    }
}

internal class SurrogateConverter<T, TSent>(Func<T, TSent> send, Func<TSent, T> receive) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        receive(JsonSerializer.Deserialize<TSent>(ref reader, options)!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, send(value), options);
}

// The default has no elements, not even none.
internal sealed class ImmutableArrayConverter<T>() : SurrogateConverter<ImmutableArray<T>, T[]?>(
    ImmutableCollectionsMarshal.AsArray, ImmutableCollectionsMarshal.AsImmutableArray);

// A stack lists its elements from the top.
internal sealed class StackConverter<T>() : SurrogateConverter<Stack<T>, T[]>(stack => [.. stack.Reverse()], items => new(items));

internal sealed class ReadOnlyCollectionConverter<T>() : SurrogateConverter<ReadOnlyCollection<T>, T[]>(
    collection => [.. collection], items => new(items));

internal sealed class HashSetConverter<T>() : SurrogateConverter<HashSet<T>, (bool IgnoresCase, T[] Items)>(
    set => (Comparers.IgnoresCase(set.Comparer), [.. set]),
    sent => new(sent.Items, Comparers.Of<T>(sent.IgnoresCase)));

internal sealed class DictionaryConverter<TKey, TValue>()
    : SurrogateConverter<Dictionary<TKey, TValue>, (bool IgnoresCase, KeyValuePair<TKey, TValue>[] Pairs)>(
        dictionary => (Comparers.IgnoresCase(dictionary.Comparer), [.. dictionary]),
        sent => new(sent.Pairs, Comparers.Of<TKey>(sent.IgnoresCase)))
    where TKey : notnull;

internal static class Comparers
{
    public static IEqualityComparer<T>? Of<T>(bool ignoresCase) =>
        ignoresCase ? (IEqualityComparer<T>)StringComparer.OrdinalIgnoreCase : null;

    public static bool IgnoresCase<T>(IEqualityComparer<T> comparer)
    {
        var ignoresCase = false;
        return ReferenceEquals(comparer, EqualityComparer<T>.Default)
            || (comparer is IEqualityComparer<string?> ofText && StringComparer.IsWellKnownOrdinalComparer(ofText, out ignoresCase))
            ? ignoresCase
            : throw new NotSupportedException(
                $"A collection with the comparer {comparer.GetType()} cannot be sent: "
                + "use the default, StringComparer.Ordinal or OrdinalIgnoreCase.");
    }
}

/// <summary>References to grains. A grain itself, handed over by mistake or for brevity, travels as a reference to it.</summary>
internal sealed class GrainReferenceConverter<T>() : SurrogateConverter<T, GrainId>(
    grain => Message.Current.IdOf((GrainReference)(object)grain.AsReference<T>()),
    id => (T)Message.Current.BindReference!(id, typeof(T)))
    where T : class, IAddressable;
