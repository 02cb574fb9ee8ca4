using System.Buffers.Binary;
using System.Text;

namespace OrleansInference.Models.Gguf;

/// <summary>
/// Metadata of a GGUF file, read in place. Getters throw <see cref="ModelFormatException"/> that names the key when it is missing or of
/// another type; the Find getters give null for a missing key. Integers of any width are accepted where they fit.
/// </summary>
public sealed class GgufMetadata
{
    private readonly MappedFile _mapping;
    private readonly Dictionary<string, GgufEntry> _entries;
    private readonly List<string> _keys;

    internal GgufMetadata(MappedFile mapping, List<string> keys, Dictionary<string, GgufEntry> entries)
    {
        _mapping = mapping;
        _keys = keys;
        _entries = entries;
    }

    /// <summary>Keys in the order of the file.</summary>
    public IReadOnlyList<string> Keys => _keys;

    public bool Contains(string key) => _entries.ContainsKey(key);

    public GgufValueType TypeOf(string key) => Entry(key).Type;

    public string GetString(string key) => FindString(key) ?? throw Missing(key);

    public string? FindString(string key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        if (entry.Type != GgufValueType.String)
            throw Wrong(entry, "a string");
        return Encoding.UTF8.GetString(_mapping.Span(entry.Offset + 8, entry.ByteLength - 8));
    }

    public long GetInteger(string key) => FindInteger(key) ?? throw Missing(key);

    public long? FindInteger(string key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        return entry.Type is not (GgufValueType.Array or GgufValueType.String or GgufValueType.Boolean)
            && GgufScalar.TryReadInteger(entry.Type, Raw(entry), out var value)
                ? value
                : throw Wrong(entry, "an integer");
    }

    public double GetFloat(string key) => FindFloat(key) ?? throw Missing(key);

    public double? FindFloat(string key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        return entry.Type is not (GgufValueType.Array or GgufValueType.String)
            && GgufScalar.TryReadFloat(entry.Type, Raw(entry), out var value)
            ? value
            : throw Wrong(entry, "a float");
    }

    public bool GetBoolean(string key) => FindBoolean(key) ?? throw Missing(key);

    public bool? FindBoolean(string key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        return entry.Type == GgufValueType.Boolean ? Raw(entry)[0] != 0 : throw Wrong(entry, "a boolean");
    }

    public GgufArray GetArray(string key) => FindArray(key) ?? throw Missing(key);

    public GgufArray? FindArray(string key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        return entry.Type == GgufValueType.Array ? new GgufArray(_mapping, entry) : throw Wrong(entry, "an array");
    }

    /// <summary>The value as the file holds it, after the type; what a writer copies.</summary>
    internal ReadOnlySpan<byte> RawValue(string key) => Raw(Entry(key));

    /// <summary>An error about a key of this file.</summary>
    public ModelFormatException Fault(string key, string message) =>
        new(message, _mapping.Path, _entries.TryGetValue(key, out var entry) ? entry.Offset : null, key);

    private ReadOnlySpan<byte> Raw(GgufEntry entry) => _mapping.Span(entry.Offset, entry.ByteLength);

    private GgufEntry Entry(string key) => _entries.TryGetValue(key, out var entry) ? entry : throw Missing(key);

    private ModelFormatException Missing(string key) => new("the metadata key is missing", _mapping.Path, subject: key);

    private ModelFormatException Wrong(GgufEntry entry, string expected) =>
        new($"holds {entry.Type}, where {expected} is needed", _mapping.Path, entry.Offset, entry.Key);
}
