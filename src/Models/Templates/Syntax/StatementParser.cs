using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Statements;

namespace OrleansInference.Models.Templates.Syntax;

/// <summary>A template's text and statements.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;

    private StatementParser(TokenStream tokens) => (_tokens, _expressions) = (tokens, new ExpressionParser(tokens));

    /// <exception cref="TemplateException">The template is broken or has statements that are not supported; with the line.</exception>
    public static Block Parse(string source)
    {
        var parser = new StatementParser(new TokenStream(Lexer.Cut(source)));
        var block = parser.ParseBlock([]);
        return parser._tokens.Current.Kind == TokenKind.End ? block : throw parser._tokens.Unexpected("the end of the template");
    }

    /// <param name="ends">The words that end it; behind one of them the stream stands afterwards, or at the end of the template.</param>
    private Block ParseBlock(ReadOnlySpan<string> ends)
    {
        _tokens.RequireStack();
        List<Statement> statements = [];
        while (_tokens.Current.Kind != TokenKind.End)
        {
            var token = _tokens.Take();
            if (token.Kind == TokenKind.Text)
            {
                statements.Add(new TextOutput(token.Text, token.Line));
            }
            else if (token.Kind == TokenKind.OutputStart)
            {
                statements.Add(new ValueOutput(_expressions.ParseTuple(), token.Line));
                _tokens.Require(TokenKind.OutputEnd, "'}}'");
            }
            else
            {
                if (ends.Contains(_tokens.Current.Text))
                    return new Block(statements);
                statements.Add(ParseStatement(token.Line));
            }
        }
        return ends.IsEmpty ? new Block(statements) : throw _tokens.Unexpected($"'{ends[^1]}'");
    }

    /// <summary>A block, and the statement that ends it.</summary>
    private Block ParseBody(string end)
    {
        var body = ParseBlock([end]);
        _tokens.Take();
        _tokens.EndStatement();
        return body;
    }

    private Statement ParseStatement(int line)
    {
        var keyword = _tokens.Require(TokenKind.Name, "the name of a statement");
        switch (keyword.Text)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "set":
                return ParseSet(line);
            case "macro":
                return ParseMacro(line);
            case "call":
                return ParseCall(line);
            case "filter":
                return ParseFilterBlock(line);
            case "generation":
                _tokens.EndStatement();
                return new GenerationBlock(ParseBody("endgeneration"), line);
            case "break" or "continue":
                _tokens.EndStatement();
                return new Jump(keyword.Text == "break" ? Flow.Break : Flow.Continue, line);
            default:
                throw new TemplateException($"the statement '{keyword.Text}' is not expected or not supported", keyword.Line);
        }
    }

    private If ParseIf(int line)
    {
        List<(Expression?, Block)> branches = [];
        while (true)
        {
            var condition = _expressions.ParseTuple();
            _tokens.EndStatement();
            branches.Add((condition, ParseBlock(["elif", "else", "endif"])));
            var end = _tokens.Take();
            if (end.Text == "elif")
                continue;
            _tokens.EndStatement();
            if (end.Text == "else")
                branches.Add((null, ParseBody("endif")));
            return new If(branches, line);
        }
    }

    private For ParseFor(int line)
    {
        var target = ParseTarget();
        if (!_tokens.TakeIfName("in"))
            throw _tokens.Unexpected("'in'");
        var source = ParseSource();
        var condition = _tokens.TakeIfName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive"))
            throw new TemplateException("a loop that is 'recursive' is not supported", line);
        _tokens.EndStatement();
        var body = ParseBlock(["else", "endfor"]);
        var hasElse = _tokens.Take().Text == "else";
        _tokens.EndStatement();
        return new For(target, source, condition, body, hasElse ? ParseBody("endfor") : null, line);
    }

    /// <summary>Without a condition behind it, which would be the loop's.</summary>
    private Expression ParseSource()
    {
        var first = _expressions.ParseOr();
        if (!_tokens.Current.Is(","))
            return first;
        List<Expression> items = [first];
        while (_tokens.TakeIf(","))
            items.Add(_expressions.ParseOr());
        return new ListLiteral(items);
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget();
        if (_tokens.TakeIf("="))
        {
            var value = _expressions.ParseTuple();
            _tokens.EndStatement();
            return new Set(target, value, line);
        }
        var filter = _tokens.TakeIf("|") ? _expressions.ParseFilter() : null;
        _tokens.EndStatement();
        return new SetBlock(target, filter, ParseBody("endset"), line);
    }

    private Target ParseTarget()
    {
        List<Target> targets = [];
        var isInBrackets = _tokens.TakeIf("(");
        do
            targets.Add(ParseSingleTarget());
        while (_tokens.TakeIf(","));
        if (isInBrackets)
            _tokens.Require(")");
        return targets.Count == 1 ? targets[0] : new TupleTarget(targets);
    }

    private Target ParseSingleTarget()
    {
        var name = _tokens.RequireName();
        return _tokens.TakeIf(".") ? new MemberTarget(name, _tokens.RequireName()) : new VariableTarget(name);
    }

    private Macro ParseMacro(int line)
    {
        var name = _tokens.RequireName();
        var parameters = ParseParameters();
        _tokens.EndStatement();
        return new Macro(new MacroDefinition(name, parameters, ParseBody("endmacro")), line);
    }

    private CallBlock ParseCall(int line)
    {
        var parameters = _tokens.Current.Is("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not Call call)
            throw new TemplateException("'call' needs a macro with its arguments", line);
        _tokens.EndStatement();
        return new CallBlock(call, new MacroDefinition("caller", parameters, ParseBody("endcall")), line);
    }

    private FilterBlock ParseFilterBlock(int line)
    {
        var filter = _expressions.ParseFilter();
        _tokens.EndStatement();
        return new FilterBlock(filter, ParseBody("endfilter"), line);
    }

    private List<(string, Expression?)> ParseParameters()
    {
        List<(string, Expression?)> parameters = [];
        _tokens.Require("(");
        while (!_tokens.TakeIf(")"))
        {
            var name = _tokens.RequireName();
            parameters.Add((name, _tokens.TakeIf("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.Is(")"))
                _tokens.Require(",");
        }
        return parameters;
    }
}
