using System.Buffers.Binary;
using System.Text;

namespace OrleansInference.DataPlane.Codec;

/// <summary>
/// Writes one frame's fields, or only counts their bytes when it has no memory to write to: a frame's length stands before its fields,
/// and is checked before memory is rented for it.
/// </summary>
internal ref struct FrameWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Span<byte> _memory;
    private readonly bool _counts;

    private FrameWriter(Span<byte> memory, bool counts)
    {
        _memory = memory;
        _counts = counts;
    }

    public long Written { get; private set; }

    public static FrameWriter Counting() => new([], counts: true);

    public static FrameWriter Over(Span<byte> memory) => new(memory, counts: false);

    public void Byte(byte value)
    {
        if (!_counts)
            _memory[(int)Written] = value;
        Written += sizeof(byte);
    }

    public void Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void UInt16(ushort value)
    {
        if (!_counts)
            BinaryPrimitives.WriteUInt16LittleEndian(Rest, value);
        Written += sizeof(ushort);
    }

    public void Int32(int value)
    {
        if (!_counts)
            BinaryPrimitives.WriteInt32LittleEndian(Rest, value);
        Written += sizeof(int);
    }

    public void Int64(long value)
    {
        if (!_counts)
            BinaryPrimitives.WriteInt64LittleEndian(Rest, value);
        Written += sizeof(long);
    }

    public void Single(float value) => Int32(BitConverter.SingleToInt32Bits(value));

    /// <exception cref="EncoderFallbackException">The text holds half a surrogate pair.</exception>
    public void String(string value)
    {
        var length = StrictUtf8.GetByteCount(value);
        Int32(length);
        if (!_counts)
            StrictUtf8.GetBytes(value, Rest);
        Written += length;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        Raw(value);
    }

    /// <summary>Bytes without their length.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        if (!_counts)
            value.CopyTo(Rest);
        Written += value.Length;
    }

    /// <summary>Makes room for bytes that the caller fills in.</summary>
    /// <returns>The room, or nothing when bytes are only counted.</returns>
    public Span<byte> Reserve(long length)
    {
        var room = _counts ? [] : Rest[..(int)length];
        Written += length;
        return room;
    }

    private readonly Span<byte> Rest => _memory[(int)Written..];
}
