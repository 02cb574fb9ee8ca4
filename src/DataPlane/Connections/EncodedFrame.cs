using System.Buffers;

namespace OrleansInference.DataPlane.Connections;

/// <summary>One frame as it goes over the wire, in memory of the shared pool.</summary>
internal sealed class EncodedFrame : IBufferWriter<byte>, IDisposable
{
    private byte[]? _array;
    private int _length;

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, _length);

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_array is null)
        {
            _array = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, 1));
        }
        else if (_array.Length - _length < Math.Max(sizeHint, 1))
        {
            var larger = ArrayPool<byte>.Shared.Rent(checked(_length + Math.Max(sizeHint, _length)));
            Memory.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        return _array.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
            ArrayPool<byte>.Shared.Return(array);
    }
}
