using System.Text.Json;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>
/// The fields of a JSON object of a request. A field that nobody asked for is refused by <see cref="RefuseRest"/>, as OpenAI does, so
/// that a misspelt option is never silently ignored. One that is null asks for nothing: clients of several servers send such.
/// </summary>
internal sealed class RequestFields(JsonElement json, string path)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The field's value; null when it is absent or null.</summary>
    public RequestValue? this[string name]
    {
        get
        {
            _known.Add(name);
            return json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new(value, PathOf(name)) : null;
        }
    }

    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    public RequestValue Required(string name) => this[name] ?? throw new ApiException(ApiError.InvalidRequest(
        PathOf(name), "missing_required_parameter", $"Missing required parameter: '{PathOf(name)}'."));

    /// <summary>Accepts fields that change nothing here.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _known.Add(name);
    }

    /// <summary>Refuses a feature that this server does not have, unless the field says that it is not wanted.</summary>
    public void Refuse(string name, string reason)
    {
        if (this[name] is { IsNothing: false } value)
            throw new ApiException(ApiError.Unsupported(value.Path, $"Unsupported parameter: '{value.Path}'. {reason}"));
    }

    /// <summary>All fields, of an object that is a dictionary.</summary>
    public IEnumerable<(string Name, RequestValue Value)> Values() =>
        json.EnumerateObject().Select(property => (property.Name, new RequestValue(property.Value, PathOf(property.Name))));

    public void RefuseRest()
    {
        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null && !_known.Contains(property.Name))
                throw Unknown(PathOf(Shorten(property.Name)));
        }
    }

    private static ApiException Unknown(string path) =>
        new(ApiError.InvalidRequest(path, "unknown_parameter", $"Unrecognized request argument supplied: '{path}'."));

    /// <summary>What a client sent, short enough to be quoted to it.</summary>
    public static string Shorten(string text) => text.Length <= 64 ? text : $"{text.AsSpan(0, 61)}...";
}
