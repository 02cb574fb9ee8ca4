using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Expressions;

internal sealed class Binary(string sign, Expression left, Expression right) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var (first, second) = (left.Evaluate(scope), right.Evaluate(scope));
        scope.Rendering.Spend(Value.Weight(first) + Value.Weight(second));
        var result = sign switch
        {
            "+" => Arithmetic.Add(first, second),
            "-" => Arithmetic.Subtract(first, second),
            "*" => Arithmetic.Multiply(first, second, Rendering.MostCharacters),
            "/" => Arithmetic.Divide(first, second),
            "//" => Arithmetic.FloorDivide(first, second),
            "%" => Arithmetic.Modulo(first, second),
            "**" => Arithmetic.Power(first, second),
            "~" => PythonText.Of(first) + PythonText.Of(second),
            _ => throw new InvalidOperationException($"There is no operator '{sign}'."),
        };
        scope.Rendering.Spend(Value.Weight(result));
        return result;
    }
}

/// <summary>Comparisons in a row: each holds between two neighbours.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Sign, Expression Right)> rest) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (sign, expression) in rest)
        {
            var right = expression.Evaluate(scope);
            scope.Rendering.Spend(Value.Weight(right));
            if (!Holds(sign, left, right))
                return false;
            left = right;
        }
        return true;
    }

    private static bool Holds(string sign, object? left, object? right) => sign switch
    {
        "==" => Value.AreEqual(left, right),
        "!=" => !Value.AreEqual(left, right),
        "<" => Value.Compare(left, right) < 0,
        "<=" => Value.Compare(left, right) <= 0,
        ">" => Value.Compare(left, right) > 0,
        ">=" => Value.Compare(left, right) >= 0,
        "in" => Value.Contains(right, left),
        "not in" => !Value.Contains(right, left),
        _ => throw new InvalidOperationException($"There is no comparison '{sign}'."),
    };
}

internal sealed class And(Expression left, Expression right) : Expression
{
    protected override object? Compute(Scope scope) => left.Evaluate(scope) is var value && Value.IsTrue(value) ? right.Evaluate(scope) : value;
}

internal sealed class Or(Expression left, Expression right) : Expression
{
    protected override object? Compute(Scope scope) => left.Evaluate(scope) is var value && Value.IsTrue(value) ? value : right.Evaluate(scope);
}

internal sealed class Not(Expression operand) : Expression
{
    protected override object? Compute(Scope scope) => !Value.IsTrue(operand.Evaluate(scope));
}

internal sealed class Sign(bool isNegative, Expression operand) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var value = operand.Evaluate(scope);
        return isNegative ? Arithmetic.Negate(value) : value is double ? value : Value.ToInteger(value);
    }
}
