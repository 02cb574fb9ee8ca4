using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// What the last stage sampled from a batch, in row order; empty when no row of it was to be sampled. Whoever receives it disposes it once,
/// when done with it: frame and memory are then used again.
/// </summary>
/// <param name="Timing">Of all stages.</param>
/// <param name="Owner">What holds the memory, if it is pooled.</param>
public sealed record TokensFrame(
    long BatchId, ReadOnlyMemory<SampledToken> Tokens, RingTiming Timing = default, IDisposable? Owner = null) : Frame, IDisposable
{
    public override FrameType Type => FrameType.Tokens;

    public long BatchId { get; set; } = BatchId;

    public ReadOnlyMemory<SampledToken> Tokens { get; set; } = Tokens;

    public RingTiming Timing { get; set; } = Timing;

    public void Dispose() => Owner?.Dispose();
}
