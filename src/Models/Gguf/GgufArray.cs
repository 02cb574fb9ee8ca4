using System.Buffers.Binary;
using System.Text;

namespace OrleansInference.Models.Gguf;

/// <summary>An array value, read in place from the mapping; valid until the file is disposed.</summary>
public readonly struct GgufArray
{
    internal const int HeaderBytes = 12;

    private readonly MappedFile _mapping;
    private readonly GgufEntry _entry;

    internal GgufArray(MappedFile mapping, GgufEntry entry)
    {
        _mapping = mapping;
        _entry = entry;
    }

    public GgufValueType ElementType => _entry.ElementType;

    public int Count => _entry.Count;

    /// <summary>An element of an integer or boolean array.</summary>
    /// <exception cref="ModelFormatException">The elements are of another type, or the value is past <see
    /// cref="long.MaxValue"/>.</exception>
    public long GetInteger(int index) =>
        GgufScalar.TryReadInteger(ElementType, Element(index), out var value) ? value : throw Wrong("integers");

    /// <summary>An element of a float array.</summary>
    public double GetFloat(int index) =>
        GgufScalar.TryReadFloat(ElementType, Element(index), out var value) ? value : throw Wrong("floats");

    /// <summary>The elements of a string array, decoded one by one.</summary>
    /// <param name="encoding">UTF-8 where none is given.</param>
    public IEnumerable<string> Strings(Encoding? encoding = null)
    {
        if (ElementType != GgufValueType.String)
            throw Wrong("strings");

        return Walk(_mapping, _entry, encoding ?? Encoding.UTF8);

        static IEnumerable<string> Walk(MappedFile mapping, GgufEntry entry, Encoding encoding)
        {
            var offset = entry.Offset + HeaderBytes;
            for (var index = 0; index < entry.Count; index++)
            {
                var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(mapping.Span(offset, 8));
                yield return encoding.GetString(mapping.Span(offset + 8, length));
                offset += 8 + length;
            }
        }
    }

    private ReadOnlySpan<byte> Element(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var size = GgufValueTypes.FixedBytes(ElementType);
        if (size == 0)
            throw Wrong("numbers");
        return _mapping.Span(_entry.Offset + HeaderBytes + (long)index * size, size);
    }

    private ModelFormatException Wrong(string expected) =>
        new($"holds an array of {ElementType}, where {expected} are needed", _mapping.Path, _entry.Offset, _entry.Key);
}
