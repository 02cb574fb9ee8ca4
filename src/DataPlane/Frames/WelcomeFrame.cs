namespace OrleansInference.DataPlane.Frames;

/// <summary>The listener's yes to a Hello.</summary>
public sealed record WelcomeFrame : Frame
{
    public override FrameType Type => FrameType.Welcome;
}
