namespace OrleansInference.DataPlane.Frames;

/// <summary>The gateway no longer wants a completion. The head answers with Finish, unless it has already.</summary>
public sealed record CancelFrame(long RequestId) : Frame
{
    public override FrameType Type => FrameType.Cancel;
}
