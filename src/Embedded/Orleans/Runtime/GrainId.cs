namespace Orleans.Runtime;

/// <summary>Which grain: the name of its class and its key, written type/key.</summary>
public readonly record struct GrainId : IComparable<GrainId>
{
    private readonly GrainType _type;
    private readonly IdSpan _key;

    public GrainId(GrainType type, IdSpan key)
    {
        _type = type;
        _key = key;
    }

    public GrainType Type => _type;

    public IdSpan Key => _key;

    public static GrainId Create(string type, string key) => Create(GrainType.Create(type), key);

    public static GrainId Create(GrainType type, string key)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return new GrainId(type, IdSpan.Create(key));
    }

    public int CompareTo(GrainId other)
    {
        var byType = _type.CompareTo(other._type);
        return byType != 0 ? byType : _key.CompareTo(other._key);
    }

    public override string ToString() => $"{_type}/{_key}";
}
