namespace OrleansInference.Models.Gguf;

internal static class GgufValueTypes
{
    /// <summary>Bytes of a value of fixed size; 0 for strings and arrays; -1 for a type that GGUF does not have.</summary>
    public static int FixedBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        GgufValueType.String or GgufValueType.Array => 0,
        _ => -1,
    };
}
