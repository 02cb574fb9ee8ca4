using OrleansInference.DataPlane.Generation;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// Starts a sequence on the last stage: how to sample in this slot, and the tokens so far, which the penalties look back on.
/// </summary>
public sealed record OpenFrame(int Slot, SamplingParameters Sampling, ReadOnlyMemory<int> History) : Frame
{
    public override FrameType Type => FrameType.Open;
}
