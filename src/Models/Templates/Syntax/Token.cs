namespace OrleansInference.Models.Templates.Syntax;

/// <param name="Text">What stands there; of strings, what it stands for.</param>
/// <param name="Line">From 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool Is(string sign) => Kind is TokenKind.Operator && Text == sign;

    public bool IsName(string name) => Kind is TokenKind.Name && Text == name;

    public override string ToString() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.OutputEnd => "'}}'",
        TokenKind.StatementEnd => "'%}'",
        _ => $"'{Text}'",
    };
}

internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,
    OutputStart,
    OutputEnd,
    StatementStart,
    StatementEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}
