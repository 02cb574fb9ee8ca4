using System.Runtime.InteropServices;

namespace OrleansInference.DataPlane.Elements;

/// <summary>Floats on a 64-byte boundary, rented from a pool. Disposing gives them back; disposing again does nothing.</summary>
internal sealed class AlignedBuffer : IDisposable
{
    private const int AlignmentBytes = 64;

    private readonly AlignedBufferPool _pool;
    private readonly int _length;
    private float[]? _array;

    public AlignedBuffer(AlignedBufferPool pool, float[] array, int length) => (_pool, _array, _length) = (pool, array, length);

    public Memory<float> Memory
    {
        get
        {
            var array = _array;
            ObjectDisposedException.ThrowIf(array is null, this);
            return array.AsMemory(OffsetOf(array), _length);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
            _pool.Return(array);
    }

    /// <summary>An array that never moves, with room for its capacity behind the first aligned element.</summary>
    public static float[] Allocate(int capacity) =>
        GC.AllocateUninitializedArray<float>(capacity + AlignmentBytes / sizeof(float), pinned: true);

    private static int OffsetOf(float[] array)
    {
        var address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        var misalignedBytes = (int)(address % AlignmentBytes);
        return misalignedBytes == 0 ? 0 : (AlignmentBytes - misalignedBytes) / sizeof(float);
    }
}
