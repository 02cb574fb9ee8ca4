using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>The functions that every template may call.</summary>
internal static class Globals
{
    /// <summary>Jinja's own bound.</summary>
    private const int LongestRange = 100_000;

    private static readonly Function[] s_functions =
    [
        new("range", Range),
        new("dict", static (_, arguments) => new Mapping(Named(arguments))),
        new("namespace", CreateNamespace),
        new("raise_exception", static (_, arguments) =>
            throw new TemplateException(PythonText.Of(arguments.Get(0, "message", "")), isRaised: true)),
        new("strftime_now", static (scope, arguments) =>
            PythonTime.Format(arguments.RequireText(0, "format"), scope.Rendering.Now)),
    ];

    public static Dictionary<string, object?> Create() =>
        s_functions.ToDictionary(static function => function.Name, static object? (function) => function, StringComparer.Ordinal);

    private static List<object?> Range(Scope scope, Arguments arguments)
    {
        List<long> bounds = [.. arguments.Positional.Select(Value.ToInteger)];
        var (start, stop, step) = bounds switch
        {
            [var only] => (0L, only, 1L),
            [var first, var end] => (first, end, 1L),
            [var first, var end, var by] when by != 0 => (first, end, by),
            _ => throw new TemplateException("range() takes an end, or a start, an end and a step that is not 0"),
        };
        var count = Math.Max(0, Math.Ceiling(((double)stop - start) / step));
        if (count > LongestRange)
            throw new TemplateException($"range() has more than {LongestRange} numbers");
        scope.Rendering.Spend((long)count);
        return Enumerable.Range(0, (int)count).Select(object? (index) => start + (index * step)).ToList();
    }

    private static MemberBag CreateNamespace(Scope scope, Arguments arguments)
    {
        var bag = new MemberBag();
        foreach (var (name, value) in arguments.Positional.OfType<Mapping>().SelectMany(static mapping => mapping).Concat(Named(arguments)))
            bag.Members[PythonText.Of(name)] = value;
        return bag;
    }

    private static IEnumerable<KeyValuePair<object, object?>> Named(Arguments arguments) =>
        arguments.Named.Select(static argument => KeyValuePair.Create((object)argument.Key, argument.Value));
}
