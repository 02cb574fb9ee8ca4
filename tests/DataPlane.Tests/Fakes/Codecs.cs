using System.Buffers;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Tests.Fakes;

internal static class Codecs
{
    public static FrameCodec For(HelloFrame? hello, DataPlaneOptions? options = null, AlignedBufferPool? pool = null) =>
        new(options ?? new DataPlaneOptions(), pool ?? new AlignedBufferPool(1 << 20), hello);

    public static byte[] Encode(this FrameCodec codec, Frame frame)
    {
        var writer = new ArrayBufferWriter<byte>();
        codec.Encode(frame, writer).ShouldBe(writer.WrittenCount);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>The one frame that these bytes are.</summary>
    public static Frame Decode(this FrameCodec codec, ReadOnlySequence<byte> bytes)
    {
        var length = bytes.Length;
        codec.TryDecode(ref bytes, out var frame, out var frameBytes).ShouldBeTrue();
        frameBytes.ShouldBe((int)length);
        bytes.IsEmpty.ShouldBeTrue();
        return frame!;
    }

    public static Frame Decode(this FrameCodec codec, byte[] bytes) => codec.Decode(new ReadOnlySequence<byte>(bytes));

    /// <summary>The same bytes, in segments that end at the given places.</summary>
    public static ReadOnlySequence<byte> Split(byte[] bytes, params ReadOnlySpan<int> ends)
    {
        var first = new Segment(bytes.AsMemory(0, ends.Length > 0 ? ends[0] : bytes.Length), 0);
        var last = first;
        for (var i = 0; i < ends.Length; i++)
            last = last.Append(bytes.AsMemory(ends[i]..(i + 1 < ends.Length ? ends[i + 1] : bytes.Length)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
