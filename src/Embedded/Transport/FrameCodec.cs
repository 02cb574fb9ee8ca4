using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace OrleansInference.Embedded.Transport;

/// <summary>A frame: the length of what follows its header in 4 bytes, its kind in 1, its content.</summary>
internal static class FrameCodec
{
    public const int HeaderBytes = 5;

    public static void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> body)
    {
        var header = writer.GetSpan(HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, body.Length);
        header[4] = (byte)kind;
        writer.Advance(HeaderBytes);
        writer.Write(body);
    }

    /// <summary>Takes the first whole frame off a buffer.</summary>
    /// <exception cref="InvalidDataException">What is there is no frame.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maximumBytes, out FrameKind kind, out ReadOnlyMemory<byte> body)
    {
        (kind, body) = (default, default);
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadLittleEndian(out int length) || !reader.TryRead(out var number))
            return false;
        kind = (FrameKind)number;
        if (length < 0 || length > maximumBytes || !Enum.IsDefined(kind))
            throw new InvalidDataException($"{length} bytes of kind {number} are no frame of at most {maximumBytes} bytes.");
        if (!reader.TryReadExact(length, out var content))
            return false;
        body = content.IsSingleSegment ? content.First : content.ToArray();
        buffer = reader.UnreadSequence;
        return true;
    }
}
