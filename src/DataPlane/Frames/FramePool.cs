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

    /// <summary>A Tokens frame of its own memory, which holds a copy.</summary>
    public TokensFrame RentTokens(long batchId, ReadOnlySpan<SampledToken> tokens)
    {
        var frame = RentTokens(batchId, tokens.Length, out var copies);
        tokens.CopyTo(copies);
        return frame;
    }

    internal TokensFrame RentTokens(long batchId, int count, out Span<SampledToken> tokens) =>
        (_tokens.TryPop() ?? new RentedTokens(_tokens)).Fill(batchId, count, out tokens);

    /// <returns>What is to be filled; the rows are there already.</returns>
    internal RentedBatch RentBatch(int rowCount, out Span<BatchRow> rows)
    {
        var rented = _batches.TryPop() ?? new RentedBatch(_batches);
        rows = rented.TakeRows(rowCount);
        return rented;
    }

    internal AlignedBuffer RentHidden(int length) => _buffers.Rent(length);
}
