using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Which types may travel, what they consist of, and whose values never change.</summary>
internal static class MessageTypes
{
    /// <summary>What the framework's serializer also takes for the keys of a dictionary.</summary>
    private static readonly ImmutableHashSet<Type> Keys =
    [
        typeof(bool), typeof(char), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long),
        typeof(ulong), typeof(Half), typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(Guid), typeof(Uri),
        typeof(Version), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan),
    ];

    private static readonly ImmutableHashSet<Type> Leaves =
        [.. Keys, typeof(IPAddress), typeof(IPEndPoint), typeof(SiloAddress), typeof(GrainId)];

    /// <summary>Beside tuples, and what can be anything: object.</summary>
    private static readonly ImmutableHashSet<Type> Collections =
    [
        typeof(object), typeof(List<>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(SortedSet<>),
        typeof(ReadOnlyCollection<>), typeof(Dictionary<,>), typeof(SortedDictionary<,>), typeof(IEnumerable<>), typeof(ICollection<>),
        typeof(IList<>), typeof(ISet<>), typeof(IDictionary<,>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>),
        typeof(IReadOnlyDictionary<,>), typeof(IImmutableList<>), typeof(IImmutableDictionary<,>), typeof(Nullable<>),
        typeof(KeyValuePair<,>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>),
    ];

    private static readonly ConcurrentDictionary<Type, bool> Immutable = new();

    /// <exception cref="UnsupportedTypeException">The type, or a type in it, cannot travel; the message says why.</exception>
    public static Type Check(Type type)
    {
        Check(type, []);
        return type;
    }

    /// <summary>Whether values never change, so that a copy may be the value itself.</summary>
    public static bool IsImmutable(Type type) => Immutable.GetOrAdd(type, IsImmutable, ImmutableHashSet<Type>.Empty);

    /// <summary>The type that a value is sent as: addresses such as Loopback are of one that the framework keeps to itself.</summary>
    public static Type TypeToSend(object value) => value is IPAddress ? typeof(IPAddress) : value.GetType();

    private static void Check(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type))
            return;
        foreach (var (part, member) in PartsOf(type))
        {
            try
            {
                Check(part, seen);
            }
            catch (UnsupportedTypeException e) when (member is not null)
            {
                throw new UnsupportedTypeException($"{type} cannot be sent because of {member}: {e.Message}");
            }
        }
    }

    /// <summary>The types that a type consists of, with the members that are of them where it declares such.</summary>
    private static IEnumerable<(Type Type, string? Member)> PartsOf(Type type)
    {
        if (Leaves.Contains(type) || type.IsEnum)
            return [];
        if (typeof(IAddressable).IsAssignableFrom(type))
            return type.IsInterface
                ? []
                : throw new UnsupportedTypeException($"{type} cannot be sent: send a grain as its interface, with AsReference.");
        if (type.IsArray)
            return type.GetArrayRank() == 1
                ? [(type.GetElementType()!, null)]
                : throw new UnsupportedTypeException($"{type} cannot be sent: only arrays of one dimension can.");
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (Collections.Contains(definition) || typeof(ITuple).IsAssignableFrom(type))
            return HasKeys(definition) && type.GetGenericArguments()[0] is var key && !key.IsEnum && !Keys.Contains(key)
                ? throw new UnsupportedTypeException(
                    $"{type} cannot be sent: of dictionaries, only a Dictionary can have {key} for its keys.")
                : type.GetGenericArguments().Select(argument => (argument, (string?)null));
        if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            return MemberShape.Of(type).Select(field => (field.FieldType, (string?)MemberShape.SourceOf(field).Name));
        return typeof(Exception).IsAssignableFrom(type)
            ? []
            : throw new UnsupportedTypeException($"{type} cannot be sent: it has no [GenerateSerializer].");
    }

    private static bool HasKeys(Type definition) => definition != typeof(Dictionary<,>)
        && definition.Name.Contains("Dictionary", StringComparison.Ordinal);

    private static bool IsImmutable(Type type, ImmutableHashSet<Type> outer)
    {
        // Exceptions are thrown, caught and thrown again as they are; nobody takes them for values to change.
        if (Leaves.Contains(type) || type.IsEnum || typeof(Exception).IsAssignableFrom(type) || outer.Contains(type))
            return true;
        if (type.IsDefined(typeof(ImmutableAttribute), inherit: false) && (type.IsSealed || type.IsValueType))
            return true;
        var isFixed = type.IsValueType || (type.IsClass && type.Namespace == typeof(ImmutableArray).Namespace);
        return isFixed && PartsOf(type).All(part => IsImmutable(part.Type, outer.Add(type)));
    }
}

/// <summary>A type that cannot be an argument or a result of a grain call; the message names it and says why.</summary>
[GenerateSerializer]
internal sealed class UnsupportedTypeException(string message) : Exception(message);
