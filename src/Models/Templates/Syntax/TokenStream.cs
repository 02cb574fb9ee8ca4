using System.Runtime.CompilerServices;

namespace OrleansInference.Models.Templates.Syntax;

/// <summary>A template's tokens, from first to last.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int _position;

    public Token Current => tokens[_position];

    /// <summary>The one behind the current one.</summary>
    public Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public Token Take()
    {
        var token = Current;
        if (token.Kind != TokenKind.End)
            _position++;
        return token;
    }

    public bool TakeIf(string sign)
    {
        if (!Current.Is(sign))
            return false;
        _position++;
        return true;
    }

    public bool TakeIfName(string name)
    {
        if (!Current.IsName(name))
            return false;
        _position++;
        return true;
    }

    /// <exception cref="TemplateException">Another token stands there.</exception>
    public Token Require(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    /// <inheritdoc cref="Require"/>
    public void Require(string sign)
    {
        if (!TakeIf(sign))
            throw Unexpected($"'{sign}'");
    }

    /// <inheritdoc cref="Require"/>
    public string RequireName() => Require(TokenKind.Name, "a name").Text;

    /// <inheritdoc cref="Require"/>
    public void EndStatement() => Require(TokenKind.StatementEnd, "'%}'");

    public TemplateException Unexpected(string expected) => new($"{Current} stands where {expected} is expected", Current.Line);

    /// <exception cref="TemplateException">The template is nested so deeply that the stack would not bear it.</exception>
    public void RequireStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException("the template is nested too deeply", Current.Line);
    }
}
