using System.Numerics;

namespace OrleansInference.DataPlane.Elements;

/// <summary>
/// Keeps buffers for hidden rows, up to a number of bytes, in sizes of powers of two. Renting never waits and never fails for want of
/// room: what is in use is bounded by the queues that hold it, and what comes back beyond the bound is left to the garbage collector.
/// </summary>
internal sealed class AlignedBufferPool(long maximumPooledBytes)
{
    private const int SmallestCapacity = 1 << 10;

    private readonly Lock _lock = new();
    private readonly Stack<AlignedBuffer>?[] _stacks = new Stack<AlignedBuffer>?[31];
    private long _pooledBytes;

    public long PooledBytes
    {
        get
        {
            lock (_lock)
                return _pooledBytes;
        }
    }

    public AlignedBuffer Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, SmallestCapacity));
        lock (_lock)
        {
            if (_stacks[BitOperations.Log2((uint)capacity)] is { Count: > 0 } stack)
            {
                var buffer = stack.Pop();
                _pooledBytes -= buffer.Bytes;
                return buffer.Rent(length);
            }
        }

        return new AlignedBuffer(this, capacity).Rent(length);
    }

    public void Return(AlignedBuffer buffer)
    {
        lock (_lock)
        {
            if (_pooledBytes + buffer.Bytes > maximumPooledBytes)
                return;
            (_stacks[BitOperations.Log2((uint)buffer.Capacity)] ??= new Stack<AlignedBuffer>()).Push(buffer);
            _pooledBytes += buffer.Bytes;
        }
    }
}
