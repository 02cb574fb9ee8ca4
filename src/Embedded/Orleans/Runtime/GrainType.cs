namespace Orleans.Runtime;

/// <summary>The name of a grain class.</summary>
public readonly record struct GrainType : IComparable<GrainType>
{
    private readonly IdSpan _value;

    public GrainType(IdSpan id) => _value = id;

    public static GrainType Create(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        return new GrainType(IdSpan.Create(value));
    }

    public int CompareTo(GrainType other) => _value.CompareTo(other._value);

    public override string ToString() => _value.ToString();
}

/// <summary>The name of a grain interface.</summary>
public readonly record struct GrainInterfaceType
{
    private readonly IdSpan _value;

    public GrainInterfaceType(string value) => _value = IdSpan.Create(value);

    public static GrainInterfaceType Create(string value) => new(value);

    public override string ToString() => _value.ToString();
}
