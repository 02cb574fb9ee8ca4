using System.Numerics;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Frames;

/// <summary>A Batch frame and its memory, rented out again and again.</summary>
internal sealed class RentedBatch : IDisposable
{
    private readonly RentalStack<RentedBatch> _pool;
    private readonly BatchFrame _frame;
    private BatchRow[] _rows = [];
    private AlignedBuffer? _hidden;

    public RentedBatch(RentalStack<RentedBatch> pool)
    {
        _pool = pool;
        _frame = new BatchFrame(0, default, default, this);
    }

    public Span<BatchRow> TakeRows(int count)
    {
        if (_rows.Length < count)
            _rows = new BatchRow[BitOperations.RoundUpToPowerOf2((uint)count)];
        _frame.Rows = _rows.AsMemory(0, count);
        return _rows.AsSpan(0, count);
    }

    public BatchFrame Fill(long batchId, RingTiming timing, AlignedBuffer buffer, out Span<float> hidden)
    {
        _hidden = buffer;
        hidden = buffer.Memory.Span;
        (_frame.BatchId, _frame.Timing, _frame.Hidden) = (batchId, timing, buffer.Memory);
        return _frame;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _hidden, null) is not { } hidden)
            return;
        hidden.Dispose();
        _pool.Push(this);
    }
}
