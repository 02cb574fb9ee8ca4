namespace OrleansInference.Models.Gguf;

/// <summary>Bounds that keep a hostile header from costing more than its size; far above any real model.</summary>
internal static class GgufLimits
{
    public const int KeyCount = 65_536;
    public const int TensorCount = 262_144;
    public const int KeyBytes = 65_535;

    /// <summary>llama.cpp keeps names in 64 bytes with a closing zero.</summary>
    public const int TensorNameBytes = 63;

    public const int DimensionCount = 4;
    public const int StringBytes = 64 * 1024 * 1024;
    public const int ArrayElements = 16 * 1024 * 1024;
    public const int PartCount = 1_024;
    public const uint Alignment = 1024 * 1024;
}
