using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Expressions;

internal sealed class Literal(object? value) : Expression
{
    protected override object? Compute(Scope scope) => value;
}

internal sealed class Name(string name) : Expression
{
    public string Text => name;

    protected override object? Compute(Scope scope) => scope[name];
}

/// <summary>A list, or a tuple, which is treated as one.</summary>
internal sealed class ListLiteral(IReadOnlyList<Expression> items) : Expression
{
    public IReadOnlyList<Expression> Items => items;

    protected override object? Compute(Scope scope) => items.Select(item => item.Evaluate(scope)).ToList();
}

internal sealed class MappingLiteral(IReadOnlyList<(Expression Key, Expression Value)> pairs) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var mapping = new Mapping();
        foreach (var (key, value) in pairs)
            mapping[Mapping.Key(key.Evaluate(scope))] = value.Evaluate(scope);
        return mapping;
    }
}

internal sealed class Conditional(Expression condition, Expression then, Expression? otherwise) : Expression
{
    protected override object? Compute(Scope scope)
    {
        if (Value.IsTrue(condition.Evaluate(scope)))
            return then.Evaluate(scope);
        return otherwise is null ? new Undefined("the value of an 'if' without an 'else'") : otherwise.Evaluate(scope);
    }
}
