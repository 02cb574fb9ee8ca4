using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// What a stage does next: a frame from the ring, or on the first stage what the head asks for. Disposing it disposes the frame.
/// </summary>
/// <param name="Frame">Open, Batch, Clear, Copy or Fault; null for a batch as it enters the ring, one token a row.</param>
/// <param name="IsAlone">Whether no other batch is under way as it enters the ring.</param>
internal readonly record struct StageWork(Frame? Frame, long BatchId, ReadOnlyMemory<BatchRow> Rows, ReadOnlyMemory<int> Tokens, bool IsAlone)
    : IDisposable
{
    public StageWork(Frame frame) : this(frame, 0, default, default, false)
    {
    }

    /// <param name="rows">Not to be changed before the batch's answer has come.</param>
    public StageWork(long batchId, ReadOnlyMemory<BatchRow> rows, ReadOnlyMemory<int> tokens, bool isAlone)
        : this(null, batchId, rows, tokens, isAlone)
    {
    }

    public void Dispose() => (Frame as IDisposable)?.Dispose();
}
