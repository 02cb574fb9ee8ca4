using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// Hidden rows on their way to the next stage: <paramref name="Hidden"/> is rows × hidden size, in row order, 64-byte aligned when it
/// was received. Whoever receives a batch owns it and disposes it when done with its memory; disposing twice does no harm.
/// </summary>
/// <param name="BatchId">Chosen by the head; the same on every stage and in the Tokens frame that answers.</param>
/// <param name="Owner">What holds the memory of <paramref name="Hidden"/>, if it is pooled.</param>
/// <param name="Timing">Of the stages that computed it so far.</param>
public sealed record BatchFrame(
    long BatchId, ReadOnlyMemory<BatchRow> Rows, ReadOnlyMemory<float> Hidden, IDisposable? Owner = null, RingTiming Timing = default)
    : Frame, IDisposable
{
    public override FrameType Type => FrameType.Batch;

    public void Dispose() => Owner?.Dispose();
}
