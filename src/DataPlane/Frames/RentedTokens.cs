using System.Numerics;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>A Tokens frame and its memory, rented out again and again.</summary>
internal sealed class RentedTokens : IDisposable
{
    private readonly RentalStack<RentedTokens> _pool;
    private readonly TokensFrame _frame;
    private SampledToken[] _tokens = [];
    private int _isRented;

    public RentedTokens(RentalStack<RentedTokens> pool)
    {
        _pool = pool;
        _frame = new TokensFrame(0, default, default, this);
    }

    public TokensFrame Fill(long batchId, RingTiming timing, int count, out Span<SampledToken> tokens)
    {
        if (_tokens.Length < count)
            _tokens = new SampledToken[BitOperations.RoundUpToPowerOf2((uint)count)];
        _isRented = 1;
        (_frame.BatchId, _frame.Timing, _frame.Tokens) = (batchId, timing, _tokens.AsMemory(0, count));
        tokens = _tokens.AsSpan(0, count);
        return _frame;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isRented, 0) == 0)
            return;
        // Alternatives are of no use to the next batch, and may be large.
        _tokens.AsSpan(0, _frame.Tokens.Length).Clear();
        _pool.Push(this);
    }
}
