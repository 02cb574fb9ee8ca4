using System.Buffers;
using System.Text;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Codec;

/// <summary>Reads one frame's fields. Nothing is allocated before the bytes for it are known to be there.</summary>
internal ref struct FrameReader(FrameType frame, ReadOnlySequence<byte> body)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private SequenceReader<byte> _reader = new(body);

    public readonly long Remaining => _reader.Remaining;

    public byte Byte(string field) => _reader.TryRead(out var value) ? value : throw EndsBefore(field);

    public bool Boolean(string field) => Byte(field) switch
    {
        0 => false,
        1 => true,
        var value => throw Bad($"{field} is {value}, which is neither 0 nor 1"),
    };

    public TEnum Enumeration<TEnum>(string field)
        where TEnum : struct, Enum
    {
        var value = Byte(field);
        var named = (TEnum)Enum.ToObject(typeof(TEnum), value);
        return Enum.IsDefined(named) ? named : throw Bad($"{field} is {value}, which names no {typeof(TEnum).Name}");
    }

    public ushort UInt16(string field) => _reader.TryReadLittleEndian(out short value) ? (ushort)value : throw EndsBefore(field);

    public int Int32(string field) => _reader.TryReadLittleEndian(out int value) ? value : throw EndsBefore(field);

    public long Int64(string field) => _reader.TryReadLittleEndian(out long value) ? value : throw EndsBefore(field);

    public float Single(string field) => BitConverter.Int32BitsToSingle(Int32(field));

    /// <summary>A count of things that follow, each of at least so many bytes.</summary>
    public int Count(string field, int minimumBytesEach, int maximum)
    {
        var count = (uint)Int32(field);
        if (count > maximum)
            throw Bad($"{field} is {count}, but {maximum} is the most");
        if (count * (long)minimumBytesEach > Remaining)
            throw Bad($"{field} is {count}, of at least {minimumBytesEach} bytes each, but {Remaining} bytes remain");
        return (int)count;
    }

    public string String(string field, int maximumBytes)
    {
        var bytes = Take(field, Count($"length of {field}", 1, maximumBytes));
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Bad($"{field} is not UTF-8");
        }
    }

    public byte[] Bytes(string field, int maximumBytes) => Take(field, Count($"length of {field}", 1, maximumBytes)).ToArray();

    public ReadOnlySequence<byte> Take(string field, long length)
    {
        if (length > Remaining)
            throw Bad($"{field} takes {length} bytes, but {Remaining} remain");
        var taken = _reader.UnreadSequence.Slice(0, length);
        _reader.Advance(length);
        return taken;
    }

    public readonly void End()
    {
        if (Remaining != 0)
            throw Bad($"{Remaining} bytes follow its last field");
    }

    public readonly DataPlaneProtocolException Bad(string problem) => new(frame, problem);

    private readonly DataPlaneProtocolException EndsBefore(string field) => Bad($"ends before {field}");
}
