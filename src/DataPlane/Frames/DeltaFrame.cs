using OrleansInference.DataPlane.Generation;

namespace OrleansInference.DataPlane.Frames;

/// <summary>The next piece of a completion.</summary>
public sealed record DeltaFrame(long RequestId, GenerationDelta Delta) : Frame
{
    public override FrameType Type => FrameType.Delta;
}
