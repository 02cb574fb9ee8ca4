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
    private readonly Stack<float[]>?[] _stacks = new Stack<float[]>?[31];
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
                var array = stack.Pop();
                _pooledBytes -= BytesOf(array);
                return new AlignedBuffer(this, array, length);
            }
        }

        return new AlignedBuffer(this, AlignedBuffer.Allocate(capacity), length);
    }

    public void Return(float[] array)
    {
        lock (_lock)
        {
            if (_pooledBytes + BytesOf(array) > maximumPooledBytes)
                return;
            // The few elements that alignment adds do not reach the next power of two, so the logarithm is the capacity's own.
            (_stacks[BitOperations.Log2((uint)array.Length)] ??= new Stack<float[]>()).Push(array);
            _pooledBytes += BytesOf(array);
        }
    }

    private static long BytesOf(float[] array) => (long)array.Length * sizeof(float);
}
