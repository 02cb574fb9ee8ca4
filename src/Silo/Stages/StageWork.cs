using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Stages;

/// <summary>What a stage does next: a frame from the ring, or on the first stage what the head asks for.</summary>
internal abstract record StageWork;

/// <summary>A frame of the ring: Open, Batch, Clear, Copy or Fault.</summary>
internal sealed record FrameWork(Frame Frame) : StageWork;

/// <summary>
/// A batch as it enters the ring: one token a row. The head uses it and its memory again once the ring has answered the batch.
/// </summary>
internal sealed record TokenBatchWork : StageWork
{
    public long BatchId { get; set; }

    public ReadOnlyMemory<BatchRow> Rows { get; set; }

    public ReadOnlyMemory<int> Tokens { get; set; }
}
