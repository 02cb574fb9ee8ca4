using System.Buffers.Binary;
using System.Text;

namespace OrleansInference.Models.Gguf;

/// <summary>Reads a GGUF header from a mapping, field by field; every read is checked against the end of the file.</summary>
internal sealed class GgufCursor(MappedFile mapping)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Path => mapping.Path;

    public long Position { get; private set; }

    public long Remaining => mapping.ByteLength - Position;

    public ReadOnlySpan<byte> ReadBytes(int count, string what)
    {
        if (count > Remaining)
            throw Fault($"the file ends inside {what}: {count} bytes are needed, {Remaining} are left");

        var bytes = mapping.Span(Position, count);
        Position += count;
        return bytes;
    }

    public byte ReadByte(string what) => ReadBytes(1, what)[0];

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4, what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(8, what));

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> bytes each in what is left of the file.</summary>
    public int ReadCount(string what, int leastBytes, int limit)
    {
        var at = Position;
        var count = ReadUInt64(what);
        if (count > (ulong)(Remaining / leastBytes))
            throw Fault($"{what} is {count}, but the {Remaining} bytes that follow hold at most {Remaining / leastBytes}", at);
        if (count > (ulong)limit)
            throw Fault($"{what} is {count}; at most {limit} are supported", at);
        return (int)count;
    }

    /// <summary>A key or name: valid UTF-8, not empty, without a zero, at most <paramref name="limit"/> bytes.</summary>
    public string ReadName(string what, int limit)
    {
        var at = Position;
        var length = ReadUInt64($"the length of {what}");
        if (length == 0 || length > (ulong)limit)
            throw Fault($"{what} is {length} bytes long; 1 to {limit} are allowed", at);

        var bytes = ReadBytes((int)length, what);
        if (bytes.Contains((byte)0))
            throw Fault($"{what} holds a zero byte", at);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException fault)
        {
            throw new ModelFormatException($"{what} is not valid UTF-8", Path, at, inner: fault);
        }
    }

    /// <summary>Steps over a string value.</summary>
    public void SkipString(string what)
    {
        var at = Position;
        var length = ReadUInt64(what);
        if (length > (ulong)Remaining)
            throw Fault($"{what} is {length} bytes long, but {Remaining} are left", at);
        if (length > GgufLimits.StringBytes)
            throw Fault($"{what} is {length} bytes long; at most {GgufLimits.StringBytes} are supported", at);
        Position += (long)length;
    }

    public ModelFormatException Fault(string message, long? at = null) => new(message, Path, at ?? Position);
}
