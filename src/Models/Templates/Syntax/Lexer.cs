namespace OrleansInference.Models.Templates.Syntax;

/// <summary>
/// Cuts a template into text and the tokens of its tags. White space is treated as with Jinja's trim_blocks and lstrip_blocks, which is
/// how Transformers renders chat templates: a statement takes the line end after it and the blanks before it on its line with it.
/// </summary>
internal sealed class Lexer
{
    private const int MaximumTokens = 200_000;

    private static readonly string[] s_operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ","];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _isLineStart = true;

    private Lexer(string source) => _source = source;

    /// <exception cref="TemplateException">A tag is not closed, or holds what no token begins with.</exception>
    public static List<Token> Cut(string source)
    {
        // Jinja's own: line ends are one character, and one at the end of a template does not count.
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new Lexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            var tag = NextTag(_position);
            AddText(tag);
            if (tag == _source.Length)
                break;
            var kind = _source[tag + 1];
            if (kind == '#')
                SkipComment();
            else if (kind == '%' && RawBegins(tag) is { } raw)
                AddRaw(raw);
            else
                AddTag(isOutput: kind == '{');
        }
        Add(TokenKind.End, "");
    }

    private int NextTag(int from)
    {
        for (var open = _source.IndexOf('{', from); open >= 0 && open + 1 < _source.Length; open = _source.IndexOf('{', open + 1))
        {
            if (_source[open + 1] is '{' or '%' or '#')
                return open;
        }
        return _source.Length;
    }

    private void AddText(int end)
    {
        var text = _source.AsSpan(_position, end - _position);
        var kept = text;
        var sign = end + 2 < _source.Length ? _source[end + 2] : '\0';
        if (end < _source.Length && sign == '-')
            kept = text.TrimEnd();
        else if (end < _source.Length && sign != '+' && _source[end + 1] != '{')
            kept = WithoutIndent(text);
        if (!kept.IsEmpty)
            Add(TokenKind.Text, kept.ToString());
        Advance(end);
    }

    /// <summary>Without the blanks that stand alone before a statement on its line.</summary>
    private ReadOnlySpan<char> WithoutIndent(ReadOnlySpan<char> text)
    {
        var lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || _isLineStart) && text[lineStart..].IsWhiteSpace() ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _position + 2, StringComparison.Ordinal);
        if (end < 0)
            throw new TemplateException("a comment is not closed: '#}' is missing", _line);
        CloseTag(end + 2, isTrimmed: true, sign: end > _position + 2 ? _source[end - 1] : '\0');
    }

    /// <returns>Where what a raw statement keeps as it is begins; null for another statement.</returns>
    private int? RawBegins(int tag)
    {
        var position = tag + 2;
        if (position < _source.Length && _source[position] is '-' or '+')
            position++;
        position = SkipBlanks(position);
        if (string.CompareOrdinal(_source, position, "raw", 0, 3) != 0)
            return null;
        position = SkipBlanks(position + 3);
        var sign = position < _source.Length && _source[position] is '-' or '+' ? _source[position++] : '\0';
        if (string.CompareOrdinal(_source, position, "%}", 0, 2) != 0)
            return null;
        CloseTag(position + 2, isTrimmed: true, sign);
        return _position;
    }

    private void AddRaw(int begin)
    {
        for (var tag = _source.IndexOf("{%", begin, StringComparison.Ordinal); tag >= 0;
            tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var close = _source.IndexOf("%}", tag, StringComparison.Ordinal);
            if (close < 0 || _source[(tag + 2)..close].Trim(['-', '+']).Trim() != "endraw")
                continue;
            AddText(tag);
            CloseTag(close + 2, isTrimmed: true, _source[close - 1]);
            return;
        }
        throw new TemplateException("'raw' is not ended: 'endraw' is missing", _line);
    }

    private void AddTag(bool isOutput)
    {
        var opened = _line;
        Add(isOutput ? TokenKind.OutputStart : TokenKind.StatementStart, _source.Substring(_position, 2));
        var start = _position + 2;
        Advance(start < _source.Length && _source[start] is '-' or '+' ? start + 1 : start);
        var close = isOutput ? "}}" : "%}";
        var depth = 0;
        while (true)
        {
            Advance(SkipBlanks(_position));
            if (_position >= _source.Length)
                throw new TemplateException($"a tag is not closed: '{close}' is missing", opened);
            var sign = _source[_position];
            var end = sign is '-' or '+' ? _position + 1 : _position;
            if (depth == 0 && string.CompareOrdinal(_source, end, close, 0, 2) == 0)
            {
                Add(isOutput ? TokenKind.OutputEnd : TokenKind.StatementEnd, close);
                CloseTag(end + 2, isTrimmed: !isOutput, sign);
                return;
            }
            depth += AddToken();
        }
    }

    /// <summary>Goes on behind a tag, over the white space that the tag takes with it.</summary>
    private void CloseTag(int position, bool isTrimmed, char sign)
    {
        var begin = position;
        if (sign == '-')
        {
            while (position < _source.Length && char.IsWhiteSpace(_source[position]))
                position++;
        }
        else if (isTrimmed && sign != '+' && position < _source.Length && _source[position] == '\n')
        {
            position++;
        }
        Advance(position);
        _isLineStart = position > begin && _source[position - 1] == '\n';
    }

    /// <returns>By how much the brackets are nested deeper behind it.</returns>
    private int AddToken()
    {
        var first = _source[_position];
        if (first is '"' or '\'')
        {
            AddString(first);
            return 0;
        }
        if (char.IsAsciiDigit(first))
        {
            AddNumber();
            return 0;
        }
        if (char.IsLetter(first) || first == '_')
        {
            AddUntil(TokenKind.Name, EndOf(_position, static character => char.IsLetterOrDigit(character) || character == '_'));
            return 0;
        }
        var sign = Array.Find(s_operators, sign => string.CompareOrdinal(_source, _position, sign, 0, sign.Length) == 0)
            ?? throw new TemplateException($"'{first}' is not expected in a tag", _line);
        AddUntil(TokenKind.Operator, _position + sign.Length);
        return sign is "(" or "[" or "{" ? 1 : sign is ")" or "]" or "}" ? -1 : 0;
    }

    private void AddNumber()
    {
        var kind = TokenKind.Integer;
        var end = EndOf(_position, static character => char.IsAsciiDigit(character) || character == '_');
        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            kind = TokenKind.Float;
            end = EndOf(end + 1, char.IsAsciiDigit);
        }
        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            var digits = end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (EndOf(digits, char.IsAsciiDigit) is var exponent && exponent > digits)
                (kind, end) = (TokenKind.Float, exponent);
        }
        AddUntil(kind, end);
    }

    private void AddString(char quote)
    {
        var end = _position + 1;
        while (end < _source.Length && _source[end] != quote)
            end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length)
            throw new TemplateException($"a string is not closed: {quote} is missing", _line);
        Add(TokenKind.String, StringLiteral.Read(_source.AsSpan((_position + 1)..end)));
        Advance(end + 1);
    }

    private void AddUntil(TokenKind kind, int end)
    {
        Add(kind, _source[_position..end]);
        Advance(end);
    }

    private int SkipBlanks(int from) => EndOf(from, char.IsWhiteSpace);

    private int EndOf(int from, Func<char, bool> belongs)
    {
        while (from < _source.Length && belongs(_source[from]))
            from++;
        return from;
    }

    private void Advance(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }

    private void Add(TokenKind kind, string text)
    {
        if (_tokens.Count == MaximumTokens)
            throw new TemplateException($"the template has more than {MaximumTokens} tokens", _line);
        _tokens.Add(new Token(kind, text, _line));
    }
}
