using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>The methods of Python's strings, lists and dictionaries that change nothing; Transformers refuses the others, too.</summary>
internal static class Methods
{
    /// <returns>Null when there is none of this name.</returns>
    public static Function? Find(object? value, string name) => value switch
    {
        string text => StringMethods.Find(text, name),
        Mapping mapping => Find(mapping, name),
        IReadOnlyList<object?> list => Find(list, name),
        _ => null,
    };

    private static Function? Find(Mapping mapping, string name) => name switch
    {
        "get" => Method(mapping, name, arguments => arguments.Require(0, "key") is (string or long or bool or double) and var key
            && mapping.TryGetValue(key, out var value) ? value : arguments.Get(1, "default", null)),
        "items" => Method(mapping, name, _ => Pairs(mapping)),
        "keys" => Method(mapping, name, _ => mapping.Keys.ToList()),
        "values" => Method(mapping, name, _ => mapping.Values.ToList()),
        _ => null,
    };

    private static Function? Find(IReadOnlyList<object?> list, string name) => name switch
    {
        "count" => Method(list, name, arguments => (long)list.Count(item => Value.AreEqual(item, arguments.Require(0, "value")))),
        "index" => Method(list, name, arguments => IndexOf(list, arguments.Require(0, "value"))),
        _ => null,
    };

    /// <summary>Each key with its value.</summary>
    public static List<object?> Pairs(Mapping mapping) => [.. mapping.Select(pair => (List<object?>)[pair.Key, pair.Value])];

    public static Function Method(object target, string name, Func<Arguments, object?> call) => new(name, (scope, arguments) =>
    {
        scope.Rendering.Spend(Value.Weight(target));
        var result = call(arguments);
        scope.Rendering.Spend(Value.Weight(result));
        return result;
    });

    private static long IndexOf(IReadOnlyList<object?> list, object? value)
    {
        for (var index = 0; index < list.Count; index++)
        {
            if (Value.AreEqual(list[index], value))
                return index;
        }
        throw new TemplateException("index(): the list does not hold the value");
    }
}
