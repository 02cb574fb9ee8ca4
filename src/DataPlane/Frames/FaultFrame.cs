namespace OrleansInference.DataPlane.Frames;

/// <summary>A stage could not compute a batch; passed on round the ring to the head.</summary>
/// <param name="Reason">What failed and where, with no prompt text in it.</param>
public sealed record FaultFrame(long BatchId, string Reason) : Frame
{
    public override FrameType Type => FrameType.Fault;
}
