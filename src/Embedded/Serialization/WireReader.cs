using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Reads one message; whatever does not fit throws <see cref="InvalidDataException"/>.</summary>
/// <param name="bindReference">Makes a grain reference that calls through the receiving silo.</param>
internal sealed class WireReader(ReadOnlyMemory<byte> message, Func<GrainId, Type, object> bindReference)
{
    private readonly List<object?> _references = [];
    private ReadOnlyMemory<byte> _rest = message;
    private int _depth;

    public int Remaining => _rest.Length;

    public object BindReference(GrainId grainId, Type interfaceType) => bindReference(grainId, interfaceType);

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
        if (length < 0 || length > _rest.Length)
            throw new InvalidDataException($"A part of {length} bytes is not in the message.");
        var part = new WireReader(_rest[..length], bindReference);
        _rest = _rest[length..];
        return part;
    }

    /// <summary>Numbers the object that is read next, in the order of the writer.</summary>
    public int BeginReference()
    {
        _references.Add(null);
        return _references.Count - 1;
    }

    public void SetReference(int index, object value) => _references[index] = value;

    public object ReadRepeated()
    {
        var index = ReadCount();
        return index < _references.Count && _references[index] is { } value
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
        if (count > _rest.Length)
            throw new InvalidDataException($"The message ends {count - _rest.Length} bytes early.");
        var span = _rest.Span[..count];
        _rest = _rest[count..];
        return span;
    }
}
