namespace OrleansInference.Models.Templates.Values;

/// <summary>A dictionary in the order in which it was filled.</summary>
internal sealed class Mapping : OrderedDictionary<object, object?>
{
    public Mapping()
    {
    }

    public Mapping(IEnumerable<KeyValuePair<object, object?>> pairs) : base(pairs)
    {
    }

    /// <exception cref="TemplateException">A value of this kind cannot be a key.</exception>
    public static object Key(object? value) => value switch
    {
        string or long or bool or double => value,
        _ => throw new TemplateException($"{Value.Kind(value)} cannot be the key of a mapping"),
    };
}

/// <summary>What <c>namespace()</c> makes: the one thing whose members a template may set, from within loops, too.</summary>
internal sealed class MemberBag
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}
