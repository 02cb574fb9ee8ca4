using OrleansInference.Models.Templates.Library;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Expressions;

/// <summary><c>value.name</c>: a method, or else what the value holds under the name.</summary>
internal sealed class Member(Expression target, string name) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var value = target.Evaluate(scope);
        return Methods.Find(value, name) ?? Value.Item(value, name);
    }
}

/// <summary><c>value[key]</c>: what the value holds, or else a method.</summary>
internal sealed class Item(Expression target, Expression key) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var (value, wanted) = (target.Evaluate(scope), key.Evaluate(scope));
        scope.Rendering.Spend(Value.Weight(value));
        var item = Value.Item(value, wanted);
        return item is Undefined && wanted is string name ? Methods.Find(value, name) ?? item : item;
    }
}

/// <summary><c>value[start:stop:step]</c>.</summary>
internal sealed class Slice(Expression target, Expression? start, Expression? stop, Expression? step) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var value = target.Evaluate(scope);
        if (value is Undefined undefined)
            throw undefined.Error();
        if (value is not (string or IReadOnlyList<object?>))
            throw new TemplateException($"{Value.Kind(value)} cannot be sliced");
        var items = Value.Items(value);
        scope.Rendering.Spend(items.Count);
        var taken = Places(items.Count, Bound(start, scope), Bound(stop, scope), Bound(step, scope) ?? 1).Select(place => items[place]);
        return value is string ? string.Concat(taken) : taken.ToList();
    }

    private static long? Bound(Expression? bound, Scope scope) => bound?.Evaluate(scope) is { } value ? Value.ToInteger(value) : null;

    private static IEnumerable<int> Places(int count, long? start, long? stop, long step)
    {
        if (step == 0)
            throw new TemplateException("the step of a slice is 0");
        var (least, most) = step > 0 ? (0L, (long)count) : (-1L, count - 1L);
        var end = Within(stop, step > 0 ? most : least);
        for (var place = Within(start, step > 0 ? least : most); step > 0 ? place < end : place > end; place += step)
            yield return (int)place;

        long Within(long? bound, long otherwise) =>
            bound is { } given ? Math.Clamp(given < 0 ? given + count : given, least, most) : otherwise;
    }
}
