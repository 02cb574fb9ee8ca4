using System.Runtime.InteropServices;

namespace OrleansInference.DataPlane.Elements;

/// <summary>
/// Floats on a 64-byte boundary, rented from a pool. Disposing gives them back; disposing again does nothing until they are rented anew, to
/// another owner.
/// </summary>
internal sealed class AlignedBuffer(AlignedBufferPool pool, int capacity) : IDisposable
{
    private const int AlignmentBytes = 64;

    /// <summary>Never moves, and has room for the capacity behind the first aligned element.</summary>
    private readonly float[] _array = GC.AllocateUninitializedArray<float>(capacity + AlignmentBytes / sizeof(float), pinned: true);
    private int _length;
    private int _isRented;

    public int Capacity => capacity;

    public long Bytes => (long)_array.Length * sizeof(float);

    public Memory<float> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isRented) == 0, this);
            return _array.AsMemory(OffsetOf(_array), _length);
        }
    }

    public AlignedBuffer Rent(int length)
    {
        _length = length;
        Volatile.Write(ref _isRented, 1);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isRented, 0) != 0)
            pool.Return(this);
    }

    private static int OffsetOf(float[] array)
    {
        var address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        var misalignedBytes = (int)(address % AlignmentBytes);
        return misalignedBytes == 0 ? 0 : (AlignmentBytes - misalignedBytes) / sizeof(float);
    }
}
