using System.Net;
using System.Text;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>The codecs of types without parts.</summary>
internal static class LeafCodecs
{
    public static IEnumerable<(Type Type, Codec Codec)> All =>
    [
        Of((w, v) => w.WriteBoolean(v), r => r.ReadBoolean()),
        Of((w, v) => w.WriteByte(v), r => r.ReadByte()),
        Of((w, v) => w.WriteByte((byte)v), r => (sbyte)r.ReadByte()),
        Of((w, v) => w.WriteUInt64(v), r => checked((char)r.ReadUInt64())),
        Of((w, v) => w.WriteInt64(v), r => checked((short)r.ReadInt64())),
        Of((w, v) => w.WriteUInt64(v), r => checked((ushort)r.ReadUInt64())),
        Of((w, v) => w.WriteInt64(v), r => r.ReadInt32()),
        Of((w, v) => w.WriteUInt64(v), r => checked((uint)r.ReadUInt64())),
        Of((w, v) => w.WriteInt64(v), r => r.ReadInt64()),
        Of((w, v) => w.WriteUInt64(v), r => r.ReadUInt64()),
        Of((w, v) => w.WriteUInt64(BitConverter.HalfToUInt16Bits(v)), r => BitConverter.UInt16BitsToHalf(checked((ushort)r.ReadUInt64()))),
        Of((w, v) => w.WriteFixed32(BitConverter.SingleToUInt32Bits(v)), r => BitConverter.UInt32BitsToSingle(r.ReadFixed32())),
        Of((w, v) => w.WriteFixed64(BitConverter.DoubleToUInt64Bits(v)), r => BitConverter.UInt64BitsToDouble(r.ReadFixed64())),
        Of<decimal>(WriteDecimal, ReadDecimal),
        Of(WriteGuid, r => new Guid(r.ReadRaw(16))),
        Of((w, v) => w.WriteFixed64((ulong)v.ToBinary()), r => DateTime.FromBinary((long)r.ReadFixed64())),
        Of<DateTimeOffset>(WriteDateTimeOffset, r => new DateTimeOffset(r.ReadInt64(), TimeSpan.FromMinutes(r.ReadInt64()))),
        Of((w, v) => w.WriteInt64(v.Ticks), r => new TimeSpan(r.ReadInt64())),
        Of((w, v) => w.WriteInt64(v.DayNumber), r => DateOnly.FromDayNumber(r.ReadInt32())),
        Of((w, v) => w.WriteInt64(v.Ticks), r => new TimeOnly(r.ReadInt64())),
        OfClass<string>((w, v) => w.WriteString(v), r => r.ReadString()),
        OfClass<Uri>((w, v) => w.WriteString(v.OriginalString), r => new Uri(r.ReadString(), UriKind.RelativeOrAbsolute)),
        OfClass<Version>((w, v) => w.WriteString(v.ToString()), r => Version.Parse(r.ReadString())),
        OfClass<IPAddress>((w, v) => w.WriteString(v.ToString()), r => IPAddress.Parse(r.ReadString())),
        OfClass<IPEndPoint>((w, v) => w.WriteString(v.ToString()), r => IPEndPoint.Parse(r.ReadString())),
        OfClass<SiloAddress>(WriteSiloAddress, ReadSiloAddress),
        Of((w, v) => w.WriteBytes(v.AsSpan()), ReadIdSpan),
        Of((w, v) => w.WriteBytes(v.Value.AsSpan()), r => new GrainType(ReadIdSpan(r))),
        Of((w, v) => w.WriteBytes(v.Value.AsSpan()), r => new GrainInterfaceType(Encoding.UTF8.GetString(r.ReadBytes()))),
        Of(WriteGrainId, ReadGrainId),
        (typeof(Memory<byte>), new MemoryCodec<Memory<byte>>(v => v, v => v)),
        (typeof(ReadOnlyMemory<byte>), new MemoryCodec<ReadOnlyMemory<byte>>(v => v, v => v)),
    ];

    public static void WriteGrainId(WireWriter writer, GrainId value)
    {
        writer.WriteBytes(value.Type.Value.AsSpan());
        writer.WriteBytes(value.Key.AsSpan());
    }

    public static GrainId ReadGrainId(WireReader reader) => new(new GrainType(ReadIdSpan(reader)), ReadIdSpan(reader));

    private static (Type Type, Codec Codec) Of<T>(Action<WireWriter, T> write, Func<WireReader, T> read) =>
        (typeof(T), new LeafCodec<T>(write, read));

    private static (Type Type, Codec Codec) OfClass<T>(Action<WireWriter, T> write, Func<WireReader, T> read)
        where T : class => (typeof(T), new NullableLeafCodec<T>(write, read));

    // Not as text, because one travels with every report of every device.
    private static void WriteSiloAddress(WireWriter writer, SiloAddress value)
    {
        writer.WriteBytes(value.Endpoint.Address.GetAddressBytes());
        writer.WriteInt32(value.Endpoint.Port);
        writer.WriteInt32(value.Generation);
    }

    private static SiloAddress ReadSiloAddress(WireReader reader)
    {
        var address = reader.ReadBytes();
        var port = reader.ReadInt32();
        if (address.Length is not (4 or 16) || port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            throw new InvalidDataException("These bytes are no silo address.");
        return SiloAddress.New(new IPAddress(address), port, reader.ReadInt32());
    }

    private static IdSpan ReadIdSpan(WireReader reader)
    {
        var value = reader.ReadBytes();
        return value.IsEmpty ? default : new IdSpan(value.ToArray());
    }

    private static void WriteDecimal(WireWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        foreach (var part in bits)
            writer.WriteFixed32((uint)part);
    }

    private static decimal ReadDecimal(WireReader reader) =>
        new([(int)reader.ReadFixed32(), (int)reader.ReadFixed32(), (int)reader.ReadFixed32(), (int)reader.ReadFixed32()]);

    private static void WriteGuid(WireWriter writer, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        writer.WriteRaw(bytes);
    }

    private static void WriteDateTimeOffset(WireWriter writer, DateTimeOffset value)
    {
        writer.WriteInt64(value.Ticks);
        writer.WriteInt64((long)value.Offset.TotalMinutes);
    }

    // A view of bytes that their owner may change, so it is copied.
    private sealed class MemoryCodec<T>(Func<T, ReadOnlyMemory<byte>> toBytes, Func<byte[], T> fromBytes) : Codec<T>
    {
        public override bool IsImmutable => false;

        public override void Write(WireWriter writer, T value) => writer.WriteBytes(toBytes(value).Span);

        public override T Read(WireReader reader) => fromBytes(reader.ReadBytes().ToArray());

        public override T Copy(T value, CopyContext context) => fromBytes(toBytes(value).ToArray());
    }
}
