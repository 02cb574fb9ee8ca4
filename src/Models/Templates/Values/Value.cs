namespace OrleansInference.Models.Templates.Values;

/// <summary>
/// What a template reckons with, and how Python treats it: null for None, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>,
/// <see cref="string"/>, lists of values, <see cref="Mapping"/>, <see cref="MemberBag"/>, <see cref="Function"/> and <see cref="Undefined"/>.
/// </summary>
internal static class Value
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        Mapping mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>How much there is to look at: a string's characters, a list's or a mapping's items.</summary>
    public static long Weight(object? value) => value switch
    {
        string text => text.Length,
        IReadOnlyList<object?> list => list.Count,
        Mapping mapping => mapping.Count,
        _ => 0,
    };

    /// <summary>A value's kind, for errors.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined => "an undefined value",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        string => "a string",
        IReadOnlyList<object?> => "a list",
        Mapping => "a mapping",
        MemberBag => "a namespace",
        Function => "a function",
        _ => "a value",
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static double ToDouble(object? number) => number switch
    {
        bool truth => truth ? 1 : 0,
        long integer => integer,
        double real => real,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"a number is expected, not {Kind(number)}"),
    };

    /// <exception cref="TemplateException">The value is no integer.</exception>
    public static long ToInteger(object? number) => number switch
    {
        bool truth => truth ? 1 : 0,
        long integer => integer,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"an integer is expected, not {Kind(number)}"),
    };

    public static bool AreEqual(object? left, object? right)
    {
        if (IsNumber(left) && IsNumber(right))
            return left is double || right is double ? ToDouble(left).Equals(ToDouble(right)) : ToInteger(left) == ToInteger(right);
        return (left, right) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string text, string other) => text == other,
            (IReadOnlyList<object?> list, IReadOnlyList<object?> others) =>
                list.Count == others.Count && list.Zip(others).All(static pair => AreEqual(pair.First, pair.Second)),
            (Mapping mapping, Mapping other) => mapping.Count == other.Count
                && mapping.All(pair => other.TryGetValue(pair.Key, out var value) && AreEqual(pair.Value, value)),
            _ => ReferenceEquals(left, right),
        };
    }

    /// <returns>Less than, equal to or greater than 0, as the left one is.</returns>
    /// <exception cref="TemplateException">The two have no order.</exception>
    public static int Compare(object? left, object? right)
    {
        if (left is string text && right is string other)
            return string.CompareOrdinal(text, other);
        if (IsNumber(left) && IsNumber(right))
            return left is double || right is double ? ToDouble(left).CompareTo(ToDouble(right)) : ToInteger(left).CompareTo(ToInteger(right));
        if (left is IReadOnlyList<object?> list && right is IReadOnlyList<object?> others)
        {
            var different = list.Zip(others).FirstOrDefault(static pair => !AreEqual(pair.First, pair.Second), (null, null));
            return different is (null, null) ? list.Count.CompareTo(others.Count) : Compare(different.Item1, different.Item2);
        }
        throw (left as Undefined ?? right as Undefined)?.Error()
            ?? new TemplateException($"{Kind(left)} and {Kind(right)} cannot be compared");
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(object? container, object? member) => container switch
    {
        string text when member is string part => text.Contains(part, StringComparison.Ordinal),
        IReadOnlyList<object?> list => list.Any(item => AreEqual(item, member)),
        Mapping mapping => member is string or long or bool or double && mapping.ContainsKey(member),
        Undefined => false,
        _ => throw new TemplateException($"{Kind(member)} cannot be looked for in {Kind(container)}"),
    };

    /// <summary>The items of a list, the keys of a mapping, the characters of a string; nothing of what is undefined.</summary>
    public static IReadOnlyList<object?> Items(object? value) => value switch
    {
        IReadOnlyList<object?> list => list,
        Mapping mapping => [.. mapping.Keys],
        string text => [.. Characters(text)],
        Undefined => [],
        _ => throw new TemplateException($"{Kind(value)} has no items"),
    };

    public static long Length(object? value) => value switch
    {
        string text => CharacterCount(text),
        IReadOnlyList<object?> list => list.Count,
        Mapping mapping => mapping.Count,
        Undefined => 0,
        _ => throw new TemplateException($"{Kind(value)} has no length"),
    };

    /// <summary>The item at an index, from the end where it is negative.</summary>
    /// <returns><see cref="Undefined"/> when there is none.</returns>
    public static object? Item(object? value, object? key) => value switch
    {
        Undefined undefined => throw undefined.Error(),
        Mapping mapping when key is string or long or bool or double && mapping.TryGetValue(key, out var item) => item,
        IReadOnlyList<object?> list when key is long index && ItemAt(list.Count, index) is { } place => list[place],
        string text when key is long index && Characters(text) is var characters && ItemAt(characters.Count, index) is { } place =>
            characters[place],
        MemberBag bag when key is string name && bag.Members.TryGetValue(name, out var member) => member,
        _ => new Undefined(PythonText.Of(key)),
    };

    /// <summary>A string's characters as Python counts them: one for each code point.</summary>
    public static IReadOnlyList<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            var length = IsPair(text, index) ? 2 : 1;
            characters.Add(text.Substring(index, length));
            index += length - 1;
        }
        return characters;
    }

    public static string Text(object? value, string what) => value switch
    {
        string text => text,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"{what} is {Kind(value)}, not a string"),
    };

    private static int CharacterCount(string text)
    {
        var count = text.Length;
        for (var index = 0; index < text.Length; index++)
        {
            if (IsPair(text, index))
                count--;
        }
        return count;
    }

    private static bool IsPair(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);

    private static int? ItemAt(int count, long index)
    {
        var place = index < 0 ? index + count : index;
        return place >= 0 && place < count ? (int)place : null;
    }
}
