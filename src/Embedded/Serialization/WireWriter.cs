using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Builds one message, up to a bound. Remembers the objects written, so that shared and circular references stay so.</summary>
internal sealed class WireWriter(int maximumBytes) : IDisposable
{
    /// <summary>Nesting beyond this is refused before it can overflow the stack.</summary>
    internal const int MaximumDepth = 128;

    private readonly ReferenceTable _references = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);
    private int _length;
    private int _depth;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public int Length => _length;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteBoolean(bool value) => Take(1)[0] = value ? (byte)1 : (byte)0;

    public void WriteUInt64(ulong value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }
        WriteByte((byte)value);
    }

    public void WriteInt64(long value) => WriteUInt64((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void WriteInt32(int value) => WriteInt64(value);

    public void WriteCount(int value) => WriteUInt64((uint)value);

    public void WriteFixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void WriteFixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void WriteRaw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        WriteRaw(value);
    }

    public void WriteString(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteCount(length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>Elements of a type without references, as they lie in memory.</summary>
    public void WriteBlock<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        WriteCount(values.Length);
        WriteRaw(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Writes which object this is. False when it was written before, so that nothing more is to be written.</summary>
    public bool TryBeginReference(object value)
    {
        if (_references.TryGetIndex(value, out var index))
        {
            WriteByte(ReferenceMark.Repeated);
            WriteCount(index);
            return false;
        }
        return true;
    }

    public void Enter(Type type)
    {
        if (++_depth > MaximumDepth)
            throw new InvalidOperationException($"{type} is nested more than {MaximumDepth} deep and cannot be sent.");
    }

    public void Leave() => _depth--;

    /// <summary>Leaves room for a length that <see cref="EndLength"/> fills in.</summary>
    public int BeginLength()
    {
        Take(4);
        return _length;
    }

    public void EndLength(int start) =>
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(start - 4), _length - start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Take(int count)
    {
        if (count > _buffer.Length - _length)
            Grow(count);
        var span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }

    private void Grow(int count)
    {
        var needed = (long)_length + count;
        if (needed > maximumBytes)
            throw new InvalidOperationException($"The message is larger than {maximumBytes:N0} bytes, the most that may be sent.");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(needed, _buffer.Length * 2L), Array.MaxLength));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
