namespace OrleansInference.DataPlane.Frames;

/// <summary>The listener's no to a Hello, after which it closes.</summary>
public sealed record RefuseFrame(string Reason) : Frame
{
    public override FrameType Type => FrameType.Refuse;
}
