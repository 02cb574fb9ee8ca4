using System.Globalization;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>Jinja's filters, as far as chat templates use them. An unknown one is an error only where it is reached.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Func<object?, Arguments, object?>> s_filters = new(StringComparer.Ordinal)
    {
        ["abs"] = static (value, _) => Arithmetic.Absolute(value),
        ["capitalize"] = static (value, _) => StringMethods.Capitalize(PythonText.Of(value)),
        ["count"] = static (value, _) => Value.Length(value),
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = ListFilters.SortPairs,
        ["e"] = static (value, _) => Escape(PythonText.Of(value)),
        ["escape"] = static (value, _) => Escape(PythonText.Of(value)),
        ["first"] = static (value, _) => Value.Items(value) is [var first, ..] ? first : new Undefined("the first item"),
        ["float"] = ToFloat,
        ["indent"] = Indent,
        ["int"] = ToInteger,
        ["items"] = static (value, _) => Pairs(value),
        ["join"] = ListFilters.Join,
        ["last"] = static (value, _) => Value.Items(value) is [.., var last] ? last : new Undefined("the last item"),
        ["length"] = static (value, _) => Value.Length(value),
        ["list"] = static (value, _) => Value.Items(value).ToList(),
        ["lower"] = static (value, _) => PythonText.Of(value).ToLowerInvariant(),
        ["max"] = static (value, arguments) => ListFilters.Extreme(value, arguments, sign: 1),
        ["min"] = static (value, arguments) => ListFilters.Extreme(value, arguments, sign: -1),
        ["replace"] = static (value, arguments) => StringMethods.Replace(
            PythonText.Of(value), PythonText.Of(arguments.Require(0, "old")), PythonText.Of(arguments.Require(1, "new")), arguments.Get(2, "count", null)),
        ["reverse"] = static (value, _) => value is string text
            ? string.Concat(Value.Characters(text).Reverse()) : Value.Items(value).Reverse().ToList(),
        ["round"] = static (value, arguments) => Round(value, arguments),
        ["safe"] = static (value, _) => value,
        ["sort"] = ListFilters.Sort,
        ["string"] = static (value, _) => PythonText.Of(value),
        ["sum"] = ListFilters.Sum,
        ["title"] = static (value, _) => StringMethods.Title(
            PythonText.Of(value), static character => char.IsWhiteSpace(character) || "-({[<".Contains(character, StringComparison.Ordinal)),
        ["tojson"] = Json.Write,
        ["trim"] = static (value, arguments) => StringMethods.Strip(PythonText.Of(value), arguments, start: true, end: true),
        ["unique"] = ListFilters.Unique,
        ["upper"] = static (value, _) => PythonText.Of(value).ToUpperInvariant(),
    };

    /// <exception cref="TemplateException">There is no such filter, or it cannot be applied to the value.</exception>
    public static object? Apply(Scope scope, string name, object? value, Arguments arguments)
    {
        scope.Rendering.Spend(Value.Weight(value));
        var result = name switch
        {
            "map" => ListFilters.Map(scope, value, arguments),
            "select" => ListFilters.Select(scope, value, arguments, isWanted: true),
            "reject" => ListFilters.Select(scope, value, arguments, isWanted: false),
            "selectattr" => ListFilters.SelectByAttribute(scope, value, arguments, isWanted: true),
            "rejectattr" => ListFilters.SelectByAttribute(scope, value, arguments, isWanted: false),
            _ => s_filters.TryGetValue(name, out var filter)
                ? filter(value, arguments) : throw new TemplateException($"the filter '{name}' is not supported"),
        };
        scope.Rendering.Spend(Value.Weight(result));
        return result;
    }

    private static object? Default(object? value, Arguments arguments) =>
        value is Undefined || (Value.IsTrue(arguments.Get(1, "boolean", false)) && !Value.IsTrue(value))
            ? arguments.Get(0, "default_value", "") : value;

    private static List<object?> Pairs(object? value) => value switch
    {
        Mapping mapping => Methods.Pairs(mapping),
        Undefined => [],
        _ => throw new TemplateException($"'items' needs a mapping, not {Value.Kind(value)}"),
    };

    private static object? ToInteger(object? value, Arguments arguments) => value switch
    {
        double number when Math.Abs(number) < long.MaxValue => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < long.MaxValue => (long)number,
        bool or long or Undefined => Value.ToInteger(value),
        _ => arguments.Get(0, "default", 0L),
    };

    private static object? ToFloat(object? value, Arguments arguments) => value switch
    {
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out var number) => number,
        bool or long or double or Undefined => Value.ToDouble(value),
        _ => arguments.Get(0, "default", 0.0),
    };

    private static double Round(object? value, Arguments arguments)
    {
        var scale = Math.Pow(10, Value.ToInteger(arguments.Get(0, "precision", 0L)));
        var scaled = Value.ToDouble(value) * scale;
        return PythonText.Of(arguments.Get(1, "method", "common")) switch
        {
            "ceil" => Math.Ceiling(scaled) / scale,
            "floor" => Math.Floor(scaled) / scale,
            _ => Math.Round(scaled, MidpointRounding.ToEven) / scale,
        };
    }

    private static string Indent(object? value, Arguments arguments)
    {
        var width = arguments.Get(0, "width", 4L);
        var indent = width as string ?? (string)Arithmetic.Multiply(" ", Value.ToInteger(width), Rendering.MostCharacters)!;
        var (indentsFirst, indentsBlank) = (Value.IsTrue(arguments.Get(1, "first", false)), Value.IsTrue(arguments.Get(2, "blank", false)));
        var lines = PythonText.Of(value).Split('\n');
        return string.Join('\n', lines.Select((line, index) =>
            index == 0 ? (indentsFirst ? indent : "") + line : line.Length > 0 || indentsBlank ? indent + line : line));
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}
