using System.Text;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>The methods of Python's strings.</summary>
internal static class StringMethods
{
    private static readonly Dictionary<string, Func<string, Arguments, object?>> s_methods = new(StringComparer.Ordinal)
    {
        ["strip"] = static (text, arguments) => Strip(text, arguments, start: true, end: true),
        ["lstrip"] = static (text, arguments) => Strip(text, arguments, start: true, end: false),
        ["rstrip"] = static (text, arguments) => Strip(text, arguments, start: false, end: true),
        ["upper"] = static (text, _) => text.ToUpperInvariant(),
        ["lower"] = static (text, _) => text.ToLowerInvariant(),
        ["capitalize"] = static (text, _) => Capitalize(text),
        ["title"] = static (text, _) => Title(text, static character => !char.IsLetter(character)),
        ["split"] = static (text, arguments) => Split(text, arguments),
        ["rsplit"] = static (text, arguments) => SplitFromEnd(text, arguments),
        ["splitlines"] = static (text, _) => Lines(text),
        ["startswith"] = static (text, arguments) => Any(arguments, part => text.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = static (text, arguments) => Any(arguments, part => text.EndsWith(part, StringComparison.Ordinal)),
        ["replace"] = static (text, arguments) => Replace(
            text, arguments.RequireText(0, "old"), arguments.RequireText(1, "new"), arguments.Get(2, "count", null)),
        ["join"] = static (text, arguments) => Join(text, Value.Items(arguments.Require(0, "items"))),
        ["find"] = static (text, arguments) => (long)text.IndexOf(arguments.RequireText(0, "text"), StringComparison.Ordinal),
        ["rfind"] = static (text, arguments) => (long)text.LastIndexOf(arguments.RequireText(0, "text"), StringComparison.Ordinal),
        ["count"] = static (text, arguments) => (long)(text.Split(arguments.RequireText(0, "text")).Length - 1),
        ["removeprefix"] = static (text, arguments) => arguments.RequireText(0, "prefix") is var prefix
            && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
        ["removesuffix"] = static (text, arguments) => arguments.RequireText(0, "suffix") is var suffix
            && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
        ["isdigit"] = static (text, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isalpha"] = static (text, _) => text.Length > 0 && text.All(char.IsLetter),
        ["isalnum"] = static (text, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        ["isspace"] = static (text, _) => text.Length > 0 && text.All(char.IsWhiteSpace),
        ["isupper"] = static (text, _) => IsUpper(text),
        ["islower"] = static (text, _) => IsLower(text),
    };

    public static Function? Find(string text, string name) =>
        s_methods.TryGetValue(name, out var method) ? Methods.Method(text, name, arguments => method(text, arguments)) : null;

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Every word with a capital and small letters.</summary>
    public static string Title(string text, Func<char, bool> separates)
    {
        var titled = new StringBuilder(text.Length);
        var isInWord = false;
        foreach (var character in text)
        {
            titled.Append(isInWord ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));
            isInWord = !separates(character);
        }
        return titled.ToString();
    }

    /// <param name="count">How many at most, from the start; null or less than 0 for all.</param>
    public static string Replace(string text, string old, string @new, object? count)
    {
        if (old.Length == 0)
            throw new TemplateException("replace(): the text to replace is empty");
        if (count is null || Value.ToInteger(count) < 0)
            return text.Replace(old, @new, StringComparison.Ordinal);
        return string.Join(@new, text.Split(old, (int)Math.Min(Value.ToInteger(count), text.Length) + 1));
    }

    public static string Join(string separator, IEnumerable<object?> items) => string.Join(separator, items.Select(PythonText.Of));

    public static List<object?> Lines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return [.. lines[^1].Length == 0 ? lines[..^1] : lines];
    }

    public static string Strip(string text, Arguments arguments, bool start, bool end)
    {
        var characters = arguments.Get(0, "chars", null) is { } given ? Value.Text(given, "the argument 'chars'").ToCharArray() : null;
        if (start)
            text = text.TrimStart(characters);
        return end ? text.TrimEnd(characters) : text;
    }

    private static List<object?> Split(string text, Arguments arguments)
    {
        var most = Most(text, arguments);
        if (arguments.Get(0, "sep", null) is { } separator)
            return [.. text.Split(Separator(separator), most)];
        var parts = new List<object?>();
        for (var rest = text.TrimStart(); rest.Length > 0;)
        {
            var end = 0;
            while (end < rest.Length && (parts.Count + 1 == most || !char.IsWhiteSpace(rest[end])))
                end++;
            parts.Add(rest[..end]);
            rest = rest[end..].TrimStart();
        }
        return parts;
    }

    private static List<object?> SplitFromEnd(string text, Arguments arguments)
    {
        if (arguments.Get(0, "sep", null) is not { } given)
            return arguments.Has(1, "maxsplit") ? throw new TemplateException("rsplit() needs a separator") : Split(text, arguments);
        var separator = Separator(given);
        var parts = text.Split(separator);
        var most = Math.Min(Most(text, arguments), parts.Length);
        var joined = parts.Length - most + 1;
        return [string.Join(separator, parts[..joined]), .. parts[joined..]];
    }

    /// <summary>How many parts a text is split into at most.</summary>
    private static int Most(string text, Arguments arguments) =>
        arguments.Get(1, "maxsplit", null) is { } given && Value.ToInteger(given) is >= 0 and var splits
            ? (int)Math.Min(splits, text.Length) + 1 : int.MaxValue;

    private static string Separator(object? value) =>
        Value.Text(value, "the separator") is { Length: > 0 } separator ? separator : throw new TemplateException("split(): the separator is empty");

    private static bool Any(Arguments arguments, Func<string, bool> fits) => arguments.Require(0, "text") switch
    {
        string part => fits(part),
        IReadOnlyList<object?> parts => parts.Any(part => fits(Value.Text(part, "an alternative"))),
        var other => fits(Value.Text(other, "the argument 'text'")),
    };
}
