using System.Buffers.Binary;

namespace OrleansInference.Models.Gguf;

/// <summary>Reads numbers of any width.</summary>
internal static class GgufScalar
{
    public static bool TryReadInteger(GgufValueType type, ReadOnlySpan<byte> bytes, out long value)
    {
        (var known, value) = type switch
        {
            GgufValueType.UInt8 or GgufValueType.Boolean => (true, bytes[0]),
            GgufValueType.Int8 => (true, (sbyte)bytes[0]),
            GgufValueType.UInt16 => (true, BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
            GgufValueType.Int16 => (true, BinaryPrimitives.ReadInt16LittleEndian(bytes)),
            GgufValueType.UInt32 => (true, BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
            GgufValueType.Int32 => (true, BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            GgufValueType.Int64 => (true, BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            GgufValueType.UInt64 when BinaryPrimitives.ReadInt64LittleEndian(bytes) is >= 0 and var number => (true, number),
            _ => (false, 0L),
        };
        return known;
    }

    public static bool TryReadFloat(GgufValueType type, ReadOnlySpan<byte> bytes, out double value)
    {
        (var known, value) = type switch
        {
            GgufValueType.Float32 => (true, BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            GgufValueType.Float64 => (true, BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
            _ => (false, 0d),
        };
        return known;
    }
}
