using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>What the last stage sampled from a batch, in row order; empty when no row of it was to be sampled.</summary>
/// <param name="Timing">Of all stages.</param>
public sealed record TokensFrame(long BatchId, ReadOnlyMemory<SampledToken> Tokens, RingTiming Timing = default) : Frame
{
    public override FrameType Type => FrameType.Tokens;
}
