using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>
/// The members of a type that travel: those with [Id], and the parameters of a record's primary constructor. The members of base types
/// come first.
/// </summary>
internal static class MemberShape
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <exception cref="UnsupportedTypeException">A member has no [Id], or two have the same.</exception>
    public static IReadOnlyList<FieldInfo> Of(Type type)
    {
        var levels = new Stack<Type>();
        for (var level = type; level is not null; level = level.BaseType)
        {
            if (level.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
                levels.Push(level);
            else if (HasState(level))
                throw new UnsupportedTypeException($"{type} cannot be sent: its base {level} has no [GenerateSerializer].");
        }
        return [.. levels.SelectMany(OfLevel)];
    }

    /// <summary>As the source declares the member: an auto-property stands for its backing field.</summary>
    public static MemberInfo SourceOf(FieldInfo field)
    {
        var end = field.Name.IndexOf(">k__BackingField", StringComparison.Ordinal);
        return end > 1 && field.DeclaringType!.GetProperty(field.Name[1..end], Declared) is { } property ? property : field;
    }

    private static bool HasState(Type level) => level.GetFields(Declared).Length > 0
        && !(typeof(Exception).IsAssignableFrom(level) && level.Assembly == typeof(object).Assembly);

    private static IEnumerable<FieldInfo> OfLevel(Type level)
    {
        var ids = new HashSet<uint>();
        foreach (var field in level.GetFields(Declared))
        {
            // Parameters that a class captures are compiler-made fields, but belong to no property: they are not state that was declared.
            var member = SourceOf(field);
            if (member.IsDefined(typeof(CompilerGeneratedAttribute)) || field.IsDefined(typeof(NonSerializedAttribute)))
                continue;
            var id = member.GetCustomAttribute<IdAttribute>();
            if (id is null && !IsPositional(level, member))
                throw new UnsupportedTypeException(
                    $"{level} cannot be sent: its member {member.Name} has no [Id]. Give it one, or mark it [NonSerialized].");
            if (id is not null && !ids.Add(id.Id))
                throw new UnsupportedTypeException($"{level} cannot be sent: two of its members have [Id({id.Id})].");
            yield return field;
        }
    }

    // A parameter that is handed to the base record is the base's to send. Records print their members.
    private static bool IsPositional(Type level, MemberInfo member) => level.GetMethod("PrintMembers", Declared) is not null
        && level.GetConstructors(Declared).SelectMany(constructor => constructor.GetParameters())
            .Any(parameter => parameter.Name == member.Name && parameter.ParameterType == (member as PropertyInfo)?.PropertyType);
}
