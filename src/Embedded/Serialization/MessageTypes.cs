using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using System.Reflection.Metadata;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Which types may travel, what they consist of, and how they are called where a value stands for another type.</summary>
internal sealed class MessageTypes
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

    private static readonly ImmutableHashSet<Type> Mutable =
    [
        typeof(object), typeof(List<>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(SortedSet<>),
        typeof(ReadOnlyCollection<>), typeof(Dictionary<,>), typeof(SortedDictionary<,>), typeof(IEnumerable<>), typeof(ICollection<>),
        typeof(IList<>), typeof(ISet<>), typeof(IDictionary<,>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>),
        typeof(IReadOnlyDictionary<,>), typeof(IImmutableList<>), typeof(IImmutableDictionary<,>), typeof(Tuple<>), typeof(Tuple<,>),
        typeof(Tuple<,,>), typeof(Tuple<,,,>),
    ];

    /// <summary>As little to be changed as their type arguments are.</summary>
    private static readonly ImmutableHashSet<Type> Fixed =
    [
        typeof(Nullable<>), typeof(KeyValuePair<,>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(ValueTuple<>), typeof(ValueTuple<,>),
        typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>),
    ];

    private readonly ConcurrentDictionary<string, Type> _named = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Type, string> _names = new();
    private readonly ConcurrentDictionary<Type, bool> _immutable = new();

    /// <param name="serializable">The types that may stand for a base type or object, or be type arguments of such.</param>
    public MessageTypes(IEnumerable<Type> serializable)
    {
        Serializable = [.. serializable];
        foreach (var type in Leaves.Concat(Mutable).Concat(Fixed).Concat(Serializable))
            Name(type);
    }

    public ImmutableArray<Type> Serializable { get; }

    /// <exception cref="UnsupportedTypeException">The type, or a type in it, cannot travel; the message says why.</exception>
    public void Check(Type type) => Check(type, []);

    /// <summary>Whether values never change, so that a copy may be the value itself.</summary>
    public bool IsImmutable(Type type) => _immutable.GetOrAdd(type, IsImmutable, ImmutableHashSet<Type>.Empty);

    /// <summary>The type that a value is sent as.</summary>
    public static Type TypeToSend(object value) => value switch
    {
        // The framework's own addresses, such as Loopback, are of a type that it keeps to itself.
        IPAddress => typeof(IPAddress),
        _ => value.GetType(),
    };

    /// <summary>What <see cref="Find"/> makes the type of again, in any process of the same build.</summary>
    public string NameOf(Type type) => _names.GetOrAdd(type, sent =>
    {
        Check(sent);
        return sent.ToString();
    });

    /// <summary>A name that is not known is looked up nowhere.</summary>
    public Type Find(string name) => Find(TypeName.Parse(name));

    private Type Find(TypeName name)
    {
        if (name.IsArray)
            return Find(name.GetElementType()).MakeArrayType();
        if (name.IsConstructedGenericType)
            return Find(name.GetGenericTypeDefinition()).MakeGenericType([.. name.GetGenericArguments().Select(Find)]);
        return _named.TryGetValue(name.FullName, out var type)
            ? type
            : throw new InvalidDataException($"The type \"{name.FullName}\" is not known here.");
    }

    // A name has one type.
    private void Name(Type type)
    {
        var known = _named.GetOrAdd(type.FullName!, type);
        if (known != type)
            throw new UnsupportedTypeException(
                $"Both {known.AssemblyQualifiedName} and {type.AssemblyQualifiedName} are sent by one name.");
    }

    private void Check(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type))
            return;
        if (type.IsEnum)
            Name(type);
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
        if (Mutable.Contains(definition) || Fixed.Contains(definition))
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
        var isFixed = type.IsGenericType ? Fixed.Contains(type.GetGenericTypeDefinition()) : type.IsValueType;
        return isFixed && PartsOf(type).All(part => IsImmutable(part.Type, outer.Add(type)));
    }
}

/// <summary>A type that cannot be an argument or a result of a grain call; the message names it and says why.</summary>
[GenerateSerializer]
internal sealed class UnsupportedTypeException(string message) : Exception(message);
