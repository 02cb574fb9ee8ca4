using System.Globalization;
using OrleansInference.Models.Templates.Expressions;

namespace OrleansInference.Models.Templates.Syntax;

/// <summary>Expressions, with Jinja's precedence: filters, tests and calls bind closest, then signs, powers, products, '~', sums, comparisons.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly string[] s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Words that do not begin the argument of a test that stands without brackets.</summary>
    private static readonly string[] s_afterTest = ["else", "or", "and", "if", "is", "in", "not"];

    /// <summary>An expression, or several with commas between them, which make a list.</summary>
    public Expression ParseTuple()
    {
        var first = Parse();
        if (!tokens.Current.Is(","))
            return first;
        List<Expression> items = [first];
        while (tokens.TakeIf(",") && !EndsTuple())
            items.Add(Parse());
        return new ListLiteral(items);
    }

    public Expression Parse()
    {
        tokens.RequireStack();
        var value = ParseOr();
        while (tokens.TakeIfName("if"))
        {
            var condition = ParseOr();
            value = new Conditional(condition, value, tokens.TakeIfName("else") ? Parse() : null);
        }
        return value;
    }

    /// <summary>An expression without a condition behind it.</summary>
    public Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.TakeIfName("or"))
            left = new Or(left, ParseAnd());
        return left;
    }

    /// <summary>What follows a filter's bar.</summary>
    public Filter ParseFilter()
    {
        var name = tokens.RequireName();
        while (tokens.TakeIf("."))
            name += "." + tokens.RequireName();
        return new Filter(name, tokens.Current.Is("(") ? ParseArguments() : ArgumentList.None);
    }

    private bool EndsTuple() =>
        tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.StatementEnd or TokenKind.End || tokens.Current.Is(")");

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.TakeIfName("and"))
            left = new And(left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        tokens.RequireStack();
        return tokens.TakeIfName("not") ? new Not(ParseNot()) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        var first = ParseSum();
        List<(string, Expression)> rest = [];
        while (TakeComparison() is { } sign)
            rest.Add((sign, ParseSum()));
        return rest.Count == 0 ? first : new Comparison(first, rest);
    }

    private string? TakeComparison()
    {
        if (Array.Find(s_comparisons, tokens.Current.Is) is { } sign)
        {
            tokens.Take();
            return sign;
        }
        if (tokens.TakeIfName("in"))
            return "in";
        if (!tokens.Current.IsName("not") || !tokens.Following.IsName("in"))
            return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseBinary(["+", "-"], ParseConcatenation);

    private Expression ParseConcatenation() => ParseBinary(["~"], ParseProduct);

    private Expression ParseProduct() => ParseBinary(["*", "/", "//", "%"], ParsePower);

    private Expression ParsePower() => ParseBinary(["**"], () => ParseSigned(isFiltered: true));

    private Expression ParseBinary(string[] signs, Func<Expression> parseOperand)
    {
        var left = parseOperand();
        while (Array.Find(signs, tokens.Current.Is) is { } sign)
        {
            tokens.Take();
            left = new Binary(sign, left, parseOperand());
        }
        return left;
    }

    private Expression ParseSigned(bool isFiltered)
    {
        tokens.RequireStack();
        Expression value;
        if (tokens.TakeIf("-"))
            value = new Sign(isNegative: true, ParseSigned(isFiltered: false));
        else if (tokens.TakeIf("+"))
            value = new Sign(isNegative: false, ParseSigned(isFiltered: false));
        else
            value = ParsePrimary();
        while (ParseSuffix(value, isFiltered) is { } longer)
            value = longer;
        return value;
    }

    /// <returns>Null when nothing more belongs to the value.</returns>
    private Expression? ParseSuffix(Expression value, bool isFiltered)
    {
        if (tokens.TakeIf("."))
            return tokens.Current.Kind == TokenKind.Integer
                ? new Item(value, ParseInteger()) : new Member(value, tokens.RequireName());
        if (tokens.TakeIf("["))
            return ParseSubscript(value);
        if (tokens.Current.Is("("))
            return new Call(value, ParseArguments());
        if (isFiltered && tokens.TakeIf("|"))
            return new Filtered(value, ParseFilter());
        return isFiltered && tokens.TakeIfName("is") ? ParseTest(value) : null;
    }

    private Expression ParseSubscript(Expression value)
    {
        var start = tokens.Current.Is(":") ? null : Parse();
        if (tokens.TakeIf("]"))
            return new Item(value, start!);
        tokens.Require(":");
        var stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Parse();
        var step = tokens.TakeIf(":") && !tokens.Current.Is("]") ? Parse() : null;
        tokens.Require("]");
        return new Slice(value, start, stop, step);
    }

    private Expression ParseTest(Expression value)
    {
        var isNegated = tokens.TakeIfName("not");
        var name = tokens.RequireName();
        var arguments = ArgumentList.None;
        if (tokens.Current.Is("("))
            arguments = ParseArguments();
        else if (BeginsArgument())
            arguments = ArgumentList.None with { Positional = [ParseSigned(isFiltered: false)] };
        Expression test = new Test(value, name, arguments);
        return isNegated ? new Not(test) : test;
    }

    private bool BeginsArgument() => tokens.Current.Kind switch
    {
        TokenKind.Name => !s_afterTest.Contains(tokens.Current.Text),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        _ => tokens.Current.Is("[") || tokens.Current.Is("{"),
    };

    private ArgumentList ParseArguments()
    {
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? list = null;
        Expression? mapping = null;
        tokens.Require("(");
        while (!tokens.TakeIf(")"))
        {
            if (tokens.TakeIf("**"))
                mapping = Parse();
            else if (tokens.TakeIf("*"))
                list = Parse();
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is("="))
                named.Add(ParseNamed());
            else
                positional.Add(Parse());
            if (!tokens.Current.Is(")"))
                tokens.Require(",");
        }
        return new ArgumentList(positional, named, list, mapping);
    }

    private (string Name, Expression Value) ParseNamed()
    {
        var name = tokens.RequireName();
        tokens.Require("=");
        return (name, Parse());
    }

    private Expression ParsePrimary()
    {
        if (tokens.TakeIf("("))
            return ParseInBrackets();
        if (tokens.TakeIf("["))
            return new ListLiteral(ParseItems("]", Parse));
        if (tokens.TakeIf("{"))
            return new MappingLiteral(ParseItems("}", ParsePair));
        return tokens.Current.Kind switch
        {
            TokenKind.Name => ParseName(),
            TokenKind.String => ParseString(),
            TokenKind.Integer => ParseInteger(),
            TokenKind.Float => new Literal(double.Parse(
                tokens.Take().Text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)),
            _ => throw tokens.Unexpected("an expression"),
        };
    }

    private Expression ParseInBrackets()
    {
        if (tokens.TakeIf(")"))
            return new ListLiteral([]);
        var value = ParseTuple();
        tokens.Require(")");
        return value;
    }

    private List<T> ParseItems<T>(string close, Func<T> parseItem)
    {
        List<T> items = [];
        while (!tokens.TakeIf(close))
        {
            items.Add(parseItem());
            if (!tokens.Current.Is(close))
                tokens.Require(",");
        }
        return items;
    }

    private (Expression, Expression) ParsePair()
    {
        var key = Parse();
        tokens.Require(":");
        return (key, Parse());
    }

    private Expression ParseName()
    {
        var name = tokens.Take().Text;
        return name switch
        {
            "true" or "True" => new Literal(true),
            "false" or "False" => new Literal(false),
            "none" or "None" => new Literal(null),
            _ => new Name(name),
        };
    }

    private Literal ParseString()
    {
        var text = tokens.Take().Text;
        while (tokens.Current.Kind == TokenKind.String)
            text += tokens.Take().Text;
        return new Literal(text);
    }

    private Literal ParseInteger()
    {
        var token = tokens.Take();
        return long.TryParse(token.Text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var number)
            ? new Literal(number) : throw new TemplateException($"the number {token.Text} is too large", token.Line);
    }
}
