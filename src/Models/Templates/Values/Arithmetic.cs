namespace OrleansInference.Models.Templates.Values;

/// <summary>Python's operators.</summary>
internal static class Arithmetic
{
    public static object? Add(object? left, object? right) => (left, right) switch
    {
        (string text, string other) => text + other,
        (IReadOnlyList<object?> list, IReadOnlyList<object?> others) => (List<object?>)[.. list, .. others],
        _ => Reckon("+", left, right, static (a, b) => checked(a + b), static (a, b) => a + b),
    };

    public static object? Subtract(object? left, object? right) =>
        Reckon("-", left, right, static (a, b) => checked(a - b), static (a, b) => a - b);

    /// <param name="mostCharacters">Of a string that is repeated; a list is taken to be as long.</param>
    public static object? Multiply(object? left, object? right, int mostCharacters)
    {
        if (left is long times && right is string or IReadOnlyList<object?>)
            return Repeat(right, times, mostCharacters);
        return left is string or IReadOnlyList<object?> && right is long count
            ? Repeat(left, count, mostCharacters)
            : Reckon("*", left, right, static (a, b) => checked(a * b), static (a, b) => a * b);
    }

    public static object? Divide(object? left, object? right) => Real("/", left, right, Quotient);

    public static object? FloorDivide(object? left, object? right) =>
        Reckon("//", left, right, static (a, b) => Floor(a, NotZero(b)), static (a, b) => Math.Floor(Quotient(a, b)));

    public static object? Modulo(object? left, object? right) =>
        Reckon("%", left, right, static (a, b) => b == -1 ? 0 : a - (Floor(a, NotZero(b)) * b), static (a, b) => a - (b * Math.Floor(Quotient(a, b))));

    public static object? Power(object? left, object? right) => left is long && right is long exponent and >= 0
        ? Reckon("**", left, right, (a, _) => Power(a, exponent), Math.Pow)
        : Real("**", left, right, Math.Pow);

    public static object? Negate(object? value) => Subtract(0L, value);

    public static object? Absolute(object? value) => Value.Compare(value, 0L) < 0 ? Negate(value) : value;

    private static object? Reckon(
        string sign, object? left, object? right, Func<long, long, long> integers, Func<double, double, double> reals)
    {
        if (left is double || right is double)
            return Real(sign, left, right, reals);
        RequireNumbers(sign, left, right);
        try
        {
            return integers(Value.ToInteger(left), Value.ToInteger(right));
        }
        catch (OverflowException)
        {
            throw new TemplateException($"the result of '{sign}' is too large");
        }
    }

    private static double Real(string sign, object? left, object? right, Func<double, double, double> reals)
    {
        RequireNumbers(sign, left, right);
        return reals(Value.ToDouble(left), Value.ToDouble(right));
    }

    private static void RequireNumbers(string sign, object? left, object? right)
    {
        if ((left as Undefined ?? right as Undefined) is { } undefined)
            throw undefined.Error();
        if (!Value.IsNumber(left) || !Value.IsNumber(right))
            throw new TemplateException($"'{sign}' cannot take {Value.Kind(left)} and {Value.Kind(right)}");
    }

    private static object Repeat(object value, long times, int most)
    {
        var count = Math.Max(0, times);
        var length = Value.Length(value);
        if (length > 0 && count > most / length)
            throw new TemplateException("a repeated string or list is too long");
        return value is string text
            ? string.Concat(Enumerable.Repeat(text, (int)count))
            : Enumerable.Repeat((IReadOnlyList<object?>)value, (int)count).SelectMany(static item => item).ToList();
    }

    private static double Quotient(double left, double right) =>
        right == 0 ? throw new TemplateException("a division by zero") : left / right;

    private static long NotZero(long divisor) => divisor == 0 ? throw new TemplateException("a division by zero") : divisor;

    private static long Floor(long left, long right)
    {
        var quotient = checked(left / right);
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static long Power(long value, long exponent)
    {
        var result = 1L;
        for (var left = exponent; left > 0; left >>= 1)
        {
            if ((left & 1) != 0)
                result = checked(result * value);
            if (left > 1)
                value = checked(value * value);
        }
        return result;
    }
}
