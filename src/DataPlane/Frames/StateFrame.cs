namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// A piece of a slot's exported KV: bytes [<paramref name="Offset"/>, Offset + chunk length) of <paramref name="Total"/>.
/// </summary>
public sealed record StateFrame(int Slot, long Offset, long Total, ReadOnlyMemory<byte> Chunk) : Frame
{
    public override FrameType Type => FrameType.State;
}
