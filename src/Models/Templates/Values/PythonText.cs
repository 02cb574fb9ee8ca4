using System.Globalization;
using System.Text;

namespace OrleansInference.Models.Templates.Values;

/// <summary>Values as Python writes them.</summary>
internal static class PythonText
{
    /// <summary>Python's <c>str</c>.</summary>
    public static string Of(object? value)
    {
        if (value is string text)
            return text;
        var written = new StringBuilder();
        Write(written, value);
        return written.ToString();
    }

    public static string Of(double number)
    {
        if (double.IsNaN(number))
            return "nan";
        if (double.IsInfinity(number))
            return number > 0 ? "inf" : "-inf";
        if (number == Math.Floor(number) && Math.Abs(number) < 1e16)
            return number.ToString("F1", CultureInfo.InvariantCulture);
        return number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
    }

    private static void Write(StringBuilder written, object? value)
    {
        switch (value)
        {
            case null:
                written.Append("None");
                break;
            case bool truth:
                written.Append(truth ? "True" : "False");
                break;
            case long number:
                written.Append(number);
                break;
            case double number:
                written.Append(Of(number));
                break;
            case Undefined:
                break;
            case string text:
                WriteQuoted(written, text);
                break;
            case IReadOnlyList<object?> list:
                WriteAll(written, '[', list, Write, ']');
                break;
            case Mapping mapping:
                WriteAll(written, '{', mapping, WritePair, '}');
                break;
            default:
                throw new TemplateException($"{Value.Kind(value)} cannot be written");
        }
    }

    private static void WritePair(StringBuilder written, KeyValuePair<object, object?> pair)
    {
        Write(written, pair.Key);
        written.Append(": ");
        Write(written, pair.Value);
    }

    private static void WriteAll<T>(StringBuilder written, char open, IEnumerable<T> items, Action<StringBuilder, T> write, char close)
    {
        written.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
                written.Append(", ");
            isFirst = false;
            write(written, item);
        }
        written.Append(close);
    }

    private static void WriteQuoted(StringBuilder written, string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        written.Append(quote);
        foreach (var character in text)
        {
            var escape = character switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                < ' ' or '\u007F' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ when character == quote => "\\" + quote,
                _ => null,
            };
            if (escape is null)
                written.Append(character);
            else
                written.Append(escape);
        }
        written.Append(quote);
    }
}
