using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Bytes that a sender without our checks would send for a frame.</summary>
internal static class UncheckedFrame
{
    public static byte[] Encode(Frame frame, HelloFrame hello)
    {
        var counter = FrameWriter.Counting();
        Write(ref counter, frame, hello);
        var bytes = new byte[FrameCodec.LengthBytes + 1 + counter.Written];
        var writer = FrameWriter.Over(bytes);
        writer.Int32(bytes.Length - FrameCodec.LengthBytes);
        writer.Byte((byte)frame.Type);
        Write(ref writer, frame, hello);
        return bytes;
    }

    private static void Write(ref FrameWriter writer, Frame frame, HelloFrame hello)
    {
        switch (frame)
        {
            case OpenFrame open: RingFormat.Write(ref writer, open); break;
            case BatchFrame batch: RingFormat.Write(ref writer, batch, hello); break;
            case TokensFrame tokens: RingFormat.Write(ref writer, tokens); break;
            case ClearFrame clear: RingFormat.Write(ref writer, clear); break;
            case CopyFrame copy: RingFormat.Write(ref writer, copy); break;
            case StateFrame state: RingFormat.Write(ref writer, state); break;
            case FaultFrame fault: RingFormat.Write(ref writer, fault); break;
            case GenerateFrame generate: GenerationRequestFormat.Write(ref writer, generate); break;
            case DeltaFrame delta: GenerationOutcomeFormat.Write(ref writer, delta); break;
            case FinishFrame finish: GenerationOutcomeFormat.Write(ref writer, finish); break;
            default: throw new ArgumentException($"No {frame.Type} frame is written unchecked.", nameof(frame));
        }
    }
}
