using System.Globalization;
using System.Text;

namespace OrleansInference.Models.Templates.Library;

/// <summary>Python's <c>strftime</c> in the C locale.</summary>
internal static class PythonTime
{
    /// <exception cref="TemplateException">The format has a sign that is not supported.</exception>
    public static string Format(string format, DateTimeOffset time)
    {
        var text = new StringBuilder();
        for (var index = 0; index < format.Length; index++)
        {
            if (format[index] != '%' || index + 1 == format.Length)
            {
                text.Append(format[index]);
                continue;
            }
            index++;
            var isShort = format[index] == '-' && index + 1 < format.Length;
            if (isShort)
                index++;
            var part = Part(format[index], time);
            text.Append(isShort && part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : part);
        }
        return text.ToString();
    }

    private static string Part(char sign, DateTimeOffset time) => sign switch
    {
        'Y' => Written("yyyy", time),
        'y' => Written("yy", time),
        'm' => Written("MM", time),
        'd' => Written("dd", time),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'B' => Written("MMMM", time),
        'b' or 'h' => Written("MMM", time),
        'A' => Written("dddd", time),
        'a' => Written("ddd", time),
        'H' => Written("HH", time),
        'I' => Written("hh", time),
        'M' => Written("mm", time),
        'S' => Written("ss", time),
        'p' => Written("tt", time),
        'j' => time.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
        'F' => Written("yyyy-MM-dd", time),
        'T' => Written("HH:mm:ss", time),
        'z' => Written("zzz", time).Replace(":", "", StringComparison.Ordinal),
        '%' => "%",
        _ => throw new TemplateException($"strftime_now(): '%{sign}' is not supported"),
    };

    private static string Written(string format, DateTimeOffset time) => time.ToString(format, CultureInfo.InvariantCulture);
}
