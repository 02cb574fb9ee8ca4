using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>Jinja's filters of lists.</summary>
internal static class ListFilters
{
    private static readonly Comparer<object?> s_order = Comparer<object?>.Create(Value.Compare);

    public static object? Join(object? value, Arguments arguments)
    {
        var items = Value.Items(value);
        return StringMethods.Join(
            PythonText.Of(arguments.Get(0, "d", "")), arguments.Has(1, "attribute") ? items.Select(Attribute(arguments.Get(1, "attribute", null))) : items);
    }

    /// <summary>An attribute of each item, or each item through another filter.</summary>
    public static object? Map(Scope scope, object? value, Arguments arguments)
    {
        var items = ItemsOrNone(value);
        if (arguments.Positional.Count == 0)
        {
            var attribute = Attribute(arguments.Require(0, "attribute"));
            return items.Select(item => attribute(item) is var found && found is Undefined && arguments.Named.TryGetValue("default", out var standard)
                ? standard : found).ToList();
        }
        var filter = arguments.RequireText(0, "filter");
        var rest = arguments.Skip(1);
        return items.Select(item => Filters.Apply(scope, filter, item, rest)).ToList();
    }

    /// <summary>The items of which a test holds, or does not; without a test, those that count as true.</summary>
    public static object? Select(Scope scope, object? value, Arguments arguments, bool isWanted) =>
        Where(scope, value, item => item, arguments, isWanted);

    /// <summary>The items of whose attribute a test holds, or does not.</summary>
    public static object? SelectByAttribute(Scope scope, object? value, Arguments arguments, bool isWanted) =>
        Where(scope, value, Attribute(arguments.Require(0, "attribute")), arguments.Skip(1), isWanted);

    public static object? Sort(object? value, Arguments arguments)
    {
        var key = Key(arguments, casePlace: 1, attributePlace: 2);
        return Ordered(Value.Items(value), key, Value.IsTrue(arguments.Get(0, "reverse", false)));
    }

    public static object? SortPairs(object? value, Arguments arguments)
    {
        if (value is not Mapping mapping)
            throw new TemplateException($"'dictsort' needs a mapping, not {Value.Kind(value)}");
        var isByValue = PythonText.Of(arguments.Get(1, "by", "key")) == "value";
        var folds = !Value.IsTrue(arguments.Get(0, "case_sensitive", false));
        return Ordered(
            Methods.Pairs(mapping), pair => Fold(((IReadOnlyList<object?>)pair!)[isByValue ? 1 : 0], folds),
            Value.IsTrue(arguments.Get(2, "reverse", false)));
    }

    public static object? Unique(object? value, Arguments arguments)
    {
        var key = Key(arguments, casePlace: 0, attributePlace: 1);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return Value.Items(value).Where(item => seen.Add(PythonText.Of(new List<object?> { key(item) }))).ToList();
    }

    public static object? Sum(object? value, Arguments arguments)
    {
        var items = Value.Items(value);
        var attributes = arguments.Has(0, "attribute") ? items.Select(Attribute(arguments.Get(0, "attribute", null))) : items;
        return attributes.Aggregate(arguments.Get(1, "start", 0L), Arithmetic.Add);
    }

    /// <param name="sign">1 for the greatest, -1 for the least.</param>
    public static object? Extreme(object? value, Arguments arguments, int sign)
    {
        var key = Key(arguments, casePlace: 0, attributePlace: 1);
        return Value.Items(value).Aggregate((object?)null, (best, item) =>
            best is null || sign * Value.Compare(key(item), key(best)) > 0 ? item : best) ?? new Undefined("the extreme of no items");
    }

    private static List<object?> Where(
        Scope scope, object? value, Func<object?, object?> part, Arguments arguments, bool isWanted)
    {
        var test = arguments.Positional.Count > 0 ? arguments.RequireText(0, "test") : null;
        var rest = arguments.Skip(1);
        return [.. ItemsOrNone(value).Where(item =>
        {
            scope.Rendering.Spend();
            return (test is null ? Value.IsTrue(part(item)) : Tests.Holds(test, part(item), rest)) == isWanted;
        })];
    }

    /// <summary>Unlike elsewhere, none of what counts as false.</summary>
    private static IReadOnlyList<object?> ItemsOrNone(object? value) => Value.IsTrue(value) ? Value.Items(value) : [];

    private static List<object?> Ordered(IReadOnlyList<object?> items, Func<object?, object?> key, bool isReversed) =>
        [.. isReversed ? items.OrderByDescending(key, s_order) : items.OrderBy(key, s_order)];

    private static Func<object?, object?> Key(Arguments arguments, int casePlace, int attributePlace)
    {
        var folds = !Value.IsTrue(arguments.Get(casePlace, "case_sensitive", false));
        if (!arguments.Has(attributePlace, "attribute"))
            return item => Fold(item, folds);
        var attribute = Attribute(arguments.Get(attributePlace, "attribute", null));
        return item => Fold(attribute(item), folds);
    }

    private static object? Fold(object? value, bool folds) => folds && value is string text ? text.ToLowerInvariant() : value;

    /// <summary>Dots lead further in.</summary>
    private static Func<object?, object?> Attribute(object? name) => name is long index
        ? item => Value.Item(item, index)
        : item => PythonText.Of(name).Split('.').Aggregate(item, (value, part) =>
            Value.Item(value, long.TryParse(part, out var place) ? place : part));
}
