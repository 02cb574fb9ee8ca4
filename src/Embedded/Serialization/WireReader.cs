using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Reads one message; whatever does not fit throws <see cref="InvalidDataException"/>.</summary>
internal sealed class WireReader
{
    private readonly Func<GrainId, Type, object> _bindReference;
    private readonly byte[] _buffer;
    private readonly int _end;
    private List<object?>? _references;
    private int _position;
    private int _depth;

    /// <param name="message">Not changed while it is read.</param>
    /// <param name="bindReference">Makes a grain reference that calls through the receiving silo.</param>
    public WireReader(ReadOnlyMemory<byte> message, Func<GrainId, Type, object> bindReference)
    {
        _bindReference = bindReference;

        // Messages are parts of arrays, and these are quicker to read, byte by byte, than memory of any kind.
        var segment = MemoryMarshal.TryGetArray(message, out var found) ? found : new ArraySegment<byte>(message.ToArray());
        (_buffer, _position, _end) = (segment.Array ?? [], segment.Offset, segment.Offset + segment.Count);
    }

    public int Remaining => _end - _position;

    public object BindReference(GrainId grainId, Type interfaceType) => _bindReference(grainId, interfaceType);

    public byte ReadByte() => Take(1)[0];

    public bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"{other} is no boolean."),
    };

    public ulong ReadUInt64()
    {
        var result = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = ReadByte();
            if (shift == 63 && part > 1)
                break;
            result |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return result;
        }
        throw new InvalidDataException("A number does not fit 64 bits.");
    }

    public long ReadInt64()
    {
        var value = ReadUInt64();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int ReadInt32()
    {
        var value = ReadInt64();
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new InvalidDataException($"{value} does not fit 32 bits.");
    }

    public int ReadCount()
    {
        var value = ReadUInt64();
        return value <= (ulong)Array.MaxLength ? (int)value : throw new InvalidDataException($"A count of {value} is impossible.");
    }

    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ReadOnlySpan<byte> ReadRaw(int count) => Take(count);

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount());

    public string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    public unsafe T[] ReadBlock<T>()
        where T : unmanaged
    {
        var count = ReadCount();
        if (count > Remaining / sizeof(T))
            throw new InvalidDataException($"{count} elements of {typeof(T)} are more than the message holds.");
        return MemoryMarshal.Cast<byte, T>(Take(count * sizeof(T))).ToArray();
    }

    /// <summary>The part of the message that <see cref="WireWriter.EndLength"/> closed.</summary>
    public WireReader ReadPart()
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        if (length < 0 || length > Remaining)
            throw new InvalidDataException($"A part of {length} bytes is not in the message.");
        var part = new WireReader(_buffer.AsMemory(_position, length), _bindReference);
        _position += length;
        return part;
    }

    /// <summary>Numbers the object that is read next, in the order of the writer.</summary>
    public int BeginReference()
    {
        _references ??= [];
        _references.Add(null);
        return _references.Count - 1;
    }

    public void SetReference(int index, object value) => _references![index] = value;

    public object ReadRepeated()
    {
        var index = ReadCount();
        return index < (_references?.Count ?? 0) && _references![index] is { } value
            ? value
            : throw new InvalidDataException($"The message refers to object {index}, which it does not hold.");
    }

    public void Enter()
    {
        if (++_depth > WireWriter.MaximumDepth)
            throw new InvalidDataException($"The message is nested more than {WireWriter.MaximumDepth} deep.");
    }

    public void Leave() => _depth--;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
            throw new InvalidDataException($"The message ends {count - Remaining} bytes early.");
        var span = _buffer.AsSpan(_position, count);
        _position += count;
        return span;
    }
}
