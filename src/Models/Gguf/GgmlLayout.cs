using System.Collections.Frozen;

namespace OrleansInference.Models.Gguf;

/// <summary>
/// How elements of a <see cref="GgmlType"/> are stored: blocks of <paramref name="BlockElements"/> elements in <paramref
/// name="BlockBytes"/> bytes.
/// </summary>
public readonly record struct GgmlLayout(int BlockElements, int BlockBytes)
{
    private static readonly FrozenDictionary<GgmlType, GgmlLayout> Layouts = new Dictionary<GgmlType, GgmlLayout>
    {
        [GgmlType.F32] = new(1, 4),
        [GgmlType.F16] = new(1, 2),
        [GgmlType.BF16] = new(1, 2),
        [GgmlType.F64] = new(1, 8),
        [GgmlType.I8] = new(1, 1),
        [GgmlType.I16] = new(1, 2),
        [GgmlType.I32] = new(1, 4),
        [GgmlType.I64] = new(1, 8),
        [GgmlType.Q1_0] = new(128, 18),
        [GgmlType.Q2_0] = new(64, 18),
        [GgmlType.Q4_0] = new(32, 18),
        [GgmlType.Q4_1] = new(32, 20),
        [GgmlType.Q5_0] = new(32, 22),
        [GgmlType.Q5_1] = new(32, 24),
        [GgmlType.Q8_0] = new(32, 34),
        [GgmlType.Q8_1] = new(32, 36),
        [GgmlType.MXFP4] = new(32, 17),
        [GgmlType.NVFP4] = new(64, 36),
        [GgmlType.IQ4_NL] = new(32, 18),
        [GgmlType.Q2_K] = new(256, 84),
        [GgmlType.Q3_K] = new(256, 110),
        [GgmlType.Q4_K] = new(256, 144),
        [GgmlType.Q5_K] = new(256, 176),
        [GgmlType.Q6_K] = new(256, 210),
        [GgmlType.Q8_K] = new(256, 292),
        [GgmlType.IQ1_S] = new(256, 50),
        [GgmlType.IQ1_M] = new(256, 56),
        [GgmlType.IQ2_XXS] = new(256, 66),
        [GgmlType.IQ2_XS] = new(256, 74),
        [GgmlType.IQ2_S] = new(256, 82),
        [GgmlType.IQ3_XXS] = new(256, 98),
        [GgmlType.IQ3_S] = new(256, 110),
        [GgmlType.IQ4_XS] = new(256, 136),
        [GgmlType.TQ1_0] = new(256, 54),
        [GgmlType.TQ2_0] = new(256, 66),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<int, string> RemovedTypes = new Dictionary<int, string>
    {
        [4] = "Q4_2",
        [5] = "Q4_3",
        [31] = "Q4_0_4_4",
        [32] = "Q4_0_4_8",
        [33] = "Q4_0_8_8",
        [36] = "IQ4_NL_4_4",
        [37] = "IQ4_NL_4_8",
        [38] = "IQ4_NL_8_8",
    }.ToFrozenDictionary();

    public static bool IsKnown(GgmlType type) => Layouts.ContainsKey(type);

    /// <exception cref="ArgumentOutOfRangeException">The type is not one of <see cref="GgmlType"/>.</exception>
    public static GgmlLayout Of(GgmlType type) =>
        Layouts.TryGetValue(type, out var layout)
            ? layout
            : throw new ArgumentOutOfRangeException(nameof(type), type, "No such tensor type.");

    /// <summary>Why a number in a file is no tensor type that can be read; null when it is one.</summary>
    public static string? Refusal(uint number)
    {
        if (number <= int.MaxValue && IsKnown((GgmlType)number))
            return null;

        return number <= int.MaxValue && RemovedTypes.TryGetValue((int)number, out var removed)
            ? $"tensor type {number} ({removed}) was removed from GGUF; quantize the model anew, for example as Q4_0"
            : $"tensor type {number} is unknown";
    }

    /// <summary>
    /// Bytes of a tensor of these dimensions. False when a dimension is not positive, a row is no whole number of blocks, or the size
    /// overflows.
    /// </summary>
    public bool TryGetByteLength(ReadOnlySpan<long> dimensions, out long bytes)
    {
        bytes = 0;
        if (dimensions.IsEmpty || dimensions[0] <= 0 || dimensions[0] % BlockElements != 0)
            return false;

        var total = (Int128)(dimensions[0] / BlockElements) * BlockBytes;
        foreach (var dimension in dimensions[1..])
        {
            if (dimension <= 0)
                return false;
            total *= dimension;
            if (total > long.MaxValue)
                return false;
        }

        bytes = (long)total;
        return total <= long.MaxValue;
    }

    /// <summary>Bytes of one row of <paramref name="elements"/> elements, a multiple of <see cref="BlockElements"/>.</summary>
    public long RowBytes(long elements) => elements / BlockElements * BlockBytes;
}
