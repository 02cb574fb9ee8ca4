using System.Text;

namespace Orleans.Runtime;

/// <summary>UTF-8 text of an identity, with its hash.</summary>
public readonly struct IdSpan : IEquatable<IdSpan>, IComparable<IdSpan>
{
    private readonly int _hashCode;

    private readonly byte[]? _value;

    public IdSpan(byte[] value)
    {
        _value = value;
        _hashCode = HashOf(value);
    }

    public static IdSpan Create(string id) => new(Encoding.UTF8.GetBytes(id));

    public ReadOnlySpan<byte> AsSpan() => _value;

    public bool Equals(IdSpan obj) => AsSpan().SequenceEqual(obj.AsSpan());

    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    public override int GetHashCode() => _hashCode;

    /// <summary>A hash that every silo computes alike.</summary>
    public uint GetUniformHashCode() => unchecked((uint)_hashCode);

    public int CompareTo(IdSpan other) => AsSpan().SequenceCompareTo(other.AsSpan());

    public override string ToString() => Encoding.UTF8.GetString(AsSpan());

    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);

    private static int HashOf(ReadOnlySpan<byte> value)
    {
        // FNV-1a: the same on every silo, unlike string.GetHashCode.
        var hash = 2166136261u;
        foreach (var element in value)
            hash = (hash ^ element) * 16777619u;
        return unchecked((int)hash);
    }
}
