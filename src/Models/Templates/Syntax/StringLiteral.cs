using System.Globalization;
using System.Text;

namespace OrleansInference.Models.Templates.Syntax;

/// <summary>What Python's escapes in a string stand for; those that it does not know stay as they are.</summary>
internal static class StringLiteral
{
    public static string Read(ReadOnlySpan<char> literal)
    {
        if (!literal.Contains('\\'))
            return literal.ToString();
        var text = new StringBuilder(literal.Length);
        for (var index = 0; index < literal.Length; index++)
        {
            if (literal[index] != '\\' || index + 1 == literal.Length)
                text.Append(literal[index]);
            else
                index += AppendEscape(text, literal[(index + 1)..]);
        }
        return text.ToString();
    }

    /// <param name="escape">What follows the backslash.</param>
    /// <returns>How many characters it takes.</returns>
    private static int AppendEscape(StringBuilder text, ReadOnlySpan<char> escape)
    {
        var digits = escape[0] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && escape.Length > digits
            && uint.TryParse(escape.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            && code <= 0x10FFFF)
        {
            text.Append(code > char.MaxValue ? char.ConvertFromUtf32((int)code) : ((char)code).ToString());
            return 1 + digits;
        }
        if (escape[0] == '\n')
            return 1;
        if (Plain(escape[0]) is { } plain)
            text.Append(plain);
        else
            text.Append('\\').Append(escape[0]);
        return 1;
    }

    private static char? Plain(char escape) => escape switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'v' => '\v',
        '\\' or '\'' or '"' => escape,
        _ => null,
    };
}
