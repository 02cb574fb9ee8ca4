using System.Buffers;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>What a gateway receives for what a head sends.</summary>
internal static class DeltaBufferExtensions
{
    private static readonly FrameCodec s_codec = new FrameCodec(new DataPlaneOptions(), new AlignedBufferPool(0))
        .Bind(new HelloFrame { Role = ConnectionRole.Generation, Pipeline = "fake/0", Epoch = 1 });

    public static GenerationDelta Read(this DeltaBuffer buffer)
    {
        var writer = new ArrayBufferWriter<byte>();
        s_codec.Encode(buffer, writer);
        var bytes = new ReadOnlySequence<byte>(writer.WrittenMemory);
        s_codec.TryDecode(ref bytes, out var frame, out _).ShouldBeTrue();
        return frame.ShouldBeOfType<DeltaFrame>().Delta;
    }

    public static GenerationDelta AppendAndRead(this CompletionText text, SampledToken token) => Read(text.Append(token));

    public static GenerationDelta FlushAndRead(this CompletionText text) => Read(text.Flush());

    private static GenerationDelta Read(CompletionPiece piece)
    {
        var buffer = new DeltaBuffer(1);
        piece.WriteTo(buffer);
        return buffer.Read();
    }
}
