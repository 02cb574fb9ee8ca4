using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// Hidden rows on their way to the next stage: <paramref name="Hidden"/> is rows × hidden size, in row order, 64-byte aligned when it
/// was received. Whoever receives a batch owns it and disposes it once, when done with it: frame and memory are then used again.
/// </summary>
/// <param name="BatchId">Chosen by the head; the same on every stage and in the Tokens frame that answers.</param>
/// <param name="Owner">What holds the memory, if it is pooled.</param>
/// <param name="Timing">Of the stages that computed it so far.</param>
public sealed record BatchFrame(
    long BatchId, ReadOnlyMemory<BatchRow> Rows, ReadOnlyMemory<float> Hidden, IDisposable? Owner = null, RingTiming Timing = default)
    : Frame, IDisposable
{
    public override FrameType Type => FrameType.Batch;

    public long BatchId { get; set; } = BatchId;

    public ReadOnlyMemory<BatchRow> Rows { get; set; } = Rows;

    public ReadOnlyMemory<float> Hidden { get; set; } = Hidden;

    public RingTiming Timing { get; set; } = Timing;

    public void Dispose() => Owner?.Dispose();
}
