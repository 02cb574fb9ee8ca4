using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// The frames that come with every token, with the memory they need: disposing one keeps it for the next. Renting never waits; what is in
/// use is bounded by the queues that hold it, and what comes back beyond a small number is left to the garbage collector.
/// </summary>
public sealed class FramePool
{
    private const int KeptFrames = 32;

    private readonly AlignedBufferPool _buffers;
    private readonly RentalStack<RentedBatch> _batches = new(KeptFrames);
    private readonly RentalStack<RentedTokens> _tokens = new(KeptFrames);

    /// <summary>A pool for frames without hidden rows.</summary>
    public FramePool() : this(new AlignedBufferPool(0))
    {
    }

    internal FramePool(AlignedBufferPool buffers) => _buffers = buffers;

    /// <summary>A copy, with memory of its own.</summary>
    public TokensFrame Copy(TokensFrame frame)
    {
        var copy = RentTokens(frame.BatchId, frame.Timing, frame.Tokens.Length, out var tokens);
        frame.Tokens.Span.CopyTo(tokens);
        return copy;
    }

    internal TokensFrame RentTokens(long batchId, RingTiming timing, int count, out Span<SampledToken> tokens) =>
        (_tokens.TryPop() ?? new RentedTokens(_tokens)).Fill(batchId, timing, count, out tokens);

    /// <returns>What is to be filled; the rows are there already.</returns>
    internal RentedBatch RentBatch(int rowCount, out Span<BatchRow> rows)
    {
        var rented = _batches.TryPop() ?? new RentedBatch(_batches);
        rows = rented.TakeRows(rowCount);
        return rented;
    }

    internal AlignedBuffer RentHidden(int length) => _buffers.Rent(length);
}
