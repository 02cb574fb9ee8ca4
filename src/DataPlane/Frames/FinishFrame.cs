using OrleansInference.DataPlane.Generation;

namespace OrleansInference.DataPlane.Frames;

/// <summary>The end of a completion; nothing of this request follows.</summary>
public sealed record FinishFrame(long RequestId, GenerationFinish Finish) : Frame
{
    public override FrameType Type => FrameType.Finish;
}
