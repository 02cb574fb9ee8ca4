using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>
/// The members of a type that travel, in the order in which they do: the parameters of a record's primary constructor, then the
/// members with [Id] by id. The members of base types come first.
/// </summary>
internal static class MemberShape
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <exception cref="UnsupportedTypeException">A member has no [Id], or two have the same.</exception>
    public static IReadOnlyList<FieldInfo> Of(Type type)
    {
        var levels = new Stack<Type>();
        for (var level = type; level is not null && level != typeof(object) && level != typeof(Exception); level = level.BaseType)
        {
            if (level.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
                levels.Push(level);
            else if (level != typeof(ValueType) && HasState(level))
                throw new UnsupportedTypeException($"{type} cannot be sent: its base {level} has no [GenerateSerializer].");
        }
        return [.. levels.SelectMany(OfLevel)];
    }

    /// <summary>Every field: for the framework's own tuples and pairs.</summary>
    public static IReadOnlyList<FieldInfo> AllFields(Type type) => type.GetFields(Declared);

    /// <summary>As the source names the member.</summary>
    public static string NameOf(FieldInfo field) => PropertyOf(field.DeclaringType!, field)?.Name ?? field.Name;

    public static bool IsMarkedImmutable(FieldInfo field) => field.IsDefined(typeof(ImmutableAttribute))
        || (PropertyOf(field.DeclaringType!, field) is { } property && property.IsDefined(typeof(ImmutableAttribute)));

    private static bool HasState(Type level) => level.GetFields(Declared).Length > 0
        && !(typeof(Exception).IsAssignableFrom(level) && level.Assembly == typeof(object).Assembly);

    private static IEnumerable<FieldInfo> OfLevel(Type level)
    {
        var primary = PrimaryConstructorProperties(level);
        var withId = new SortedDictionary<uint, FieldInfo>();
        foreach (var (member, field) in StateOf(level))
        {
            if (primary.Contains(field))
                continue;
            if (member.GetCustomAttribute<IdAttribute>() is not { } id)
                throw new UnsupportedTypeException(
                    $"{level} cannot be sent: its member {member.Name} has no [Id]. Give it one, or mark it [NonSerialized].");
            if (!withId.TryAdd(id.Id, field))
                throw new UnsupportedTypeException($"{level} cannot be sent: two of its members have [Id({id.Id})].");
        }
        return primary.Concat(withId.Values);
    }

    // Auto-properties stand for their backing fields; what is computed has no state. Primary-constructor parameters that a class
    // captures are compiler-made fields too, but belong to no property: they are not state that was declared.
    private static IEnumerable<(MemberInfo Member, FieldInfo Field)> StateOf(Type level)
    {
        foreach (var field in level.GetFields(Declared))
        {
            if (field.IsDefined(typeof(NonSerializedAttribute)))
                continue;
            if (!field.IsDefined(typeof(CompilerGeneratedAttribute)))
            {
                yield return (field, field);
                continue;
            }
            if (PropertyOf(level, field) is { } property)
                yield return (property, field);
        }
    }

    private static PropertyInfo? PropertyOf(Type level, FieldInfo field)
    {
        var end = field.Name.IndexOf(">k__BackingField", StringComparison.Ordinal);
        return end > 1 && field.Name[0] == '<' ? level.GetProperty(field.Name[1..end], Declared) : null;
    }

    private static List<FieldInfo> PrimaryConstructorProperties(Type level)
    {
        if (!IsRecord(level))
            return [];
        var best = new List<FieldInfo>();
        foreach (var constructor in level.GetConstructors(Declared))
        {
            var fields = constructor.GetParameters().Select(parameter => BackingFieldOf(level, parameter)).ToList();
            if (fields.Count > best.Count && fields.TrueForAll(field => field is not null))
                best = fields!;
        }

        // A parameter that is handed to the base record is the base's to send.
        return best.FindAll(field => field.DeclaringType == level);
    }

    private static FieldInfo? BackingFieldOf(Type type, ParameterInfo parameter)
    {
        for (var level = type; level is not null; level = level.BaseType)
        {
            if (level.GetField($"<{parameter.Name}>k__BackingField", Declared) is { } field
                && field.FieldType == parameter.ParameterType
                && field.IsDefined(typeof(CompilerGeneratedAttribute)))
                return field;
        }
        return null;
    }

    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$", Declared) is not null
        || (type.IsValueType
            && type.GetMethod("PrintMembers", Declared) is { } print
            && print.IsDefined(typeof(CompilerGeneratedAttribute)));
}
