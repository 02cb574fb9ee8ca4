using System.Text.Json;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates;

/// <summary>What a chat's template is told besides the messages, such as <c>{"enable_thinking": false}</c>. Which names it knows is its own.</summary>
public sealed class TemplateArguments
{
    private readonly Mapping _values;

    private TemplateArguments(Mapping values) => _values = values;

    public static TemplateArguments None { get; } = new([]);

    /// <summary>By name; see <see cref="Value"/> for what they may be.</summary>
    internal IEnumerable<KeyValuePair<string, object?>> Values =>
        _values.Select(pair => KeyValuePair.Create((string)pair.Key, pair.Value));

    /// <summary>All texts that a template may write out.</summary>
    public IEnumerable<string> Texts => _values.Values.SelectMany(TextsIn);

    /// <param name="json">An object.</param>
    /// <exception cref="TemplateException">It is none, or holds half a character.</exception>
    public static TemplateArguments Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return new(MappingOf(document.RootElement));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new TemplateException($"its arguments are no JSON object of whole characters: {exception.Message}");
        }
    }

    /// <summary>The same with every text changed.</summary>
    public TemplateArguments Select(Func<string, string> change) => new(new Mapping(
        _values.Select(pair => KeyValuePair.Create(pair.Key, Changed(pair.Value, change)))));

    private static Mapping MappingOf(JsonElement json)
    {
        var mapping = new Mapping();
        foreach (var property in json.EnumerateObject())
            mapping[property.Name] = ValueOf(property.Value);
        return mapping;
    }

    private static object? ValueOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? integer : (object)json.GetDouble(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Array => json.EnumerateArray().Select(ValueOf).ToList(),
        _ => MappingOf(json),
    };

    private static IEnumerable<string> TextsIn(object? value) => value switch
    {
        string text => [text],
        List<object?> list => list.SelectMany(TextsIn),
        Mapping mapping => mapping.SelectMany(pair => TextsIn(pair.Key).Concat(TextsIn(pair.Value))),
        _ => [],
    };

    private static object? Changed(object? value, Func<string, string> change) => value switch
    {
        string text => change(text),
        List<object?> list => list.Select(item => Changed(item, change)).ToList(),
        Mapping mapping => new Mapping(mapping.Select(pair => KeyValuePair.Create(Changed(pair.Key, change)!, Changed(pair.Value, change)))),
        _ => value,
    };
}
