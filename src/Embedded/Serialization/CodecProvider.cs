using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>The codecs of all types that may travel.</summary>
internal sealed class CodecProvider
{
    private const BindingFlags Constructors = BindingFlags.Instance | BindingFlags.Public | BindingFlags.DoNotWrapExceptions;

    private static readonly IReadOnlyDictionary<Type, Codec> Leaves = LeafCodecs.All.ToDictionary(leaf => leaf.Type, leaf => leaf.Codec);

    /// <summary>Elements that lie in an array as they are sent.</summary>
    private static readonly ImmutableHashSet<Type> BlockTypes =
    [
        typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(float), typeof(double), typeof(Half),
    ];

    private readonly ConcurrentDictionary<Type, Codec> _codecs = new(Leaves);
    private readonly ConcurrentDictionary<Type, IClassCodec> _valueCodecs = new();
    private readonly Dictionary<Type, Codec> _unfinished = [];
    private readonly Lock _building = new();

    /// <param name="serializable">The types that may stand for a base type, an interface or object, or be type arguments of such.</param>
    public CodecProvider(IEnumerable<Type> serializable)
    {
        foreach (var type in Leaves.Keys.Concat(GenericCodecs.Definitions).Append(typeof(object)))
            Types.Add(type, type.FullName!);
        foreach (var type in serializable)
            Types.Add(type, NameOf(type));
    }

    public TypeNames Types { get; } = new();

    /// <exception cref="UnsupportedTypeException">The type, or a type in it, cannot be sent.</exception>
    public Codec<T> Get<T>() => (Codec<T>)Get(typeof(T));

    public Codec Get(Type type)
    {
        if (_codecs.TryGetValue(type, out var codec))
            return codec;
        lock (_building)
            return Build(type);
    }

    /// <summary>The codec of a value that stands where another type is declared.</summary>
    public IClassCodec GetForValue(Type type)
    {
        if (_valueCodecs.TryGetValue(type, out var known))
            return known;
        var codec = Get(type);
        return _valueCodecs.GetOrAdd(type, codec as IClassCodec ?? new BoxCodec(codec));
    }

    /// <summary>The type that a value is sent as.</summary>
    public static Type TypeToSend(object value) => value switch
    {
        // The framework's own addresses, such as Loopback, are of a type that it keeps to itself.
        IPAddress => typeof(IPAddress),
        _ => value.GetType(),
    };

    public static string NameOf(Type type) =>
        type.GetCustomAttributes(typeof(AliasAttribute), inherit: false) is [AliasAttribute alias, ..] ? alias.Alias : type.FullName!;

    // A type that contains itself meets its own codec here, not yet initialized. Nobody else sees it until all of it is.
    private Codec Build(Type type)
    {
        if (_codecs.TryGetValue(type, out var codec) || _unfinished.TryGetValue(type, out codec))
            return codec;
        var isOutermost = _unfinished.Count == 0;
        try
        {
            codec = Create(type);
            _unfinished.Add(type, codec);
            codec.Initialize(this);
            if (isOutermost)
                Publish();
            return codec;
        }
        catch
        {
            if (isOutermost)
                _unfinished.Clear();
            throw;
        }
    }

    private void Publish()
    {
        foreach (var (type, codec) in _unfinished)
            _codecs[type] = codec;
        _unfinished.Clear();
    }

    private Codec Create(Type type)
    {
        if (type.IsEnum)
        {
            Types.Add(type, NameOf(type));
            return New(typeof(EnumCodec<>), [type]);
        }
        if (typeof(Exception).IsAssignableFrom(type))
            return New(typeof(ExceptionCodec<>), [type]);
        if (typeof(IAddressable).IsAssignableFrom(type))
            return type.IsInterface
                ? New(typeof(GrainReferenceCodec<>), [type])
                : throw new UnsupportedTypeException($"{type} cannot be sent: send a grain as its interface, with AsReference.");
        if (type == typeof(object))
            return new AnyCodec<object>();
        if (type.IsArray)
            return CreateArray(type);
        if (GenericCodecs.TryCreate(type, out var generic))
            return generic;
        return CreateObject(type);
    }

    private static Codec CreateArray(Type type)
    {
        if (type.GetArrayRank() != 1)
            throw new UnsupportedTypeException($"{type} cannot be sent: only arrays of one dimension can.");
        var element = type.GetElementType()!;
        return New(BlockTypes.Contains(element) ? typeof(BlockArrayCodec<>) : typeof(ArrayCodec<>), [element]);
    }

    private static Codec CreateObject(Type type)
    {
        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            throw new UnsupportedTypeException($"{type} cannot be sent: it has no [GenerateSerializer].");
        var members = MemberShape.Of(type);
        if (type.IsValueType)
            return New(typeof(StructCodec<>), [type], members);
        return type.IsAbstract ? New(typeof(AnyCodec<>), [type]) : New(typeof(ObjectCodec<>), [type], members);
    }

    internal static Codec New(Type definition, Type[] typeArguments, params object[] arguments) =>
        (Codec)Activator.CreateInstance(definition.MakeGenericType(typeArguments), Constructors, null, arguments, null)!;
}
