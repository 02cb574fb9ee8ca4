using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace OrleansInference.Embedded.Transport;

/// <summary>A frame: the length of what follows its header in 4 bytes, its kind in 1, its content.</summary>
internal static class FrameCodec
{
    public const int HeaderBytes = 5;

    public static void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var header = writer.GetSpan(HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, head.Length + body.Length);
        header[4] = (byte)kind;
        writer.Advance(HeaderBytes);
        writer.Write(head);
        writer.Write(body);
    }

    /// <summary>Takes the first whole frame off a buffer.</summary>
    /// <exception cref="InvalidDataException">What is there is no frame.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maximumBytes, out FrameKind kind, out ReadOnlyMemory<byte> body)
    {
        kind = default;
        body = default;
        if (buffer.Length < HeaderBytes)
            return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        kind = (FrameKind)header[4];
        if (length < 0 || length > maximumBytes)
            throw new InvalidDataException($"A frame of {length} bytes is not between 0 and {maximumBytes}.");
        if (!Enum.IsDefined(kind))
            throw new InvalidDataException($"{header[4]} is no kind of frame.");
        if (buffer.Length < HeaderBytes + length)
            return false;
        var content = buffer.Slice(HeaderBytes, length);
        body = content.IsSingleSegment ? content.First : content.ToArray();
        buffer = buffer.Slice(content.End);
        return true;
    }
}
