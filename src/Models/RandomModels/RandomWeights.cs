using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.RandomModels;

/// <summary>
/// Makes blocks of weights that are evenly spread over ±amplitude, straight in the stored form: random quants under a scale that fits.
/// </summary>
internal static class RandomWeights
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Half the K types' scale range: all sub-blocks share it, so that values stay centred on zero.</summary>
    private const int SubScale = 32;

    public static void Write(
        Stream destination, GgmlType type, long byteLength, float amplitude, RandomSource random, CancellationToken cancellation)
    {
        var blockBytes = GgmlLayout.Of(type).BlockBytes;
        var piece = new byte[PieceBytes / blockBytes * blockBytes];
        while (byteLength > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, byteLength));
            Fill(bytes, type, amplitude, random);
            destination.Write(bytes);
            byteLength -= bytes.Length;
        }
    }

    private static void Fill(Span<byte> bytes, GgmlType type, float amplitude, RandomSource random)
    {
        switch (type)
        {
            case GgmlType.F32:
                foreach (ref var value in MemoryMarshal.Cast<byte, float>(bytes))
                    value = amplitude * random.NextSigned();
                break;
            case GgmlType.F16:
                foreach (ref var value in MemoryMarshal.Cast<byte, Half>(bytes))
                    value = (Half)(amplitude * random.NextSigned());
                break;
            case GgmlType.Q4_0:
                FillBlocks(bytes, 18, random, block => { }, amplitude / 8);
                break;
            case GgmlType.Q8_0:
                FillBlocks(bytes, 34, random, KeepSymmetric, amplitude / 127);
                break;
            case GgmlType.Q4_K:
                random.Fill(bytes);
                for (var at = 0; at < bytes.Length; at += 144)
                    SetScalesQ4K(bytes.Slice(at, 144), amplitude);
                break;
            case GgmlType.Q6_K:
                random.Fill(bytes);
                for (var at = 0; at < bytes.Length; at += 210)
                    SetScalesQ6K(bytes.Slice(at, 210), amplitude);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Random weights are not made in this type.");
        }
    }

    /// <summary>
    /// Blocks of an F16 scale and quants. Scales differ by up to 30 % so that blocks are unlike, and half are negative: four-bit quants run
    /// from -8 to 7, and their mean of -1/2 would otherwise drown the rest of a long sum.
    /// </summary>
    private static void FillBlocks(Span<byte> bytes, int blockBytes, RandomSource random, Action<Span<byte>> adjust, float scale)
    {
        random.Fill(bytes);
        for (var at = 0; at < bytes.Length; at += blockBytes)
        {
            var number = BinaryPrimitives.ReadInt16LittleEndian(bytes[at..]);
            var variation = 1 + number * (0.3f / short.MaxValue);
            BinaryPrimitives.WriteHalfLittleEndian(bytes[at..], (Half)((number & 1) == 0 ? scale * variation : -scale * variation));
            adjust(bytes.Slice(at + 2, blockBytes - 2));
        }
    }

    /// <summary>No quantizer makes -128, and not every kernel is written for it.</summary>
    private static void KeepSymmetric(Span<byte> quants)
    {
        var values = MemoryMarshal.Cast<byte, sbyte>(quants);
        Vector256.Max(Vector256.Create<sbyte>(values), Vector256.Create((sbyte)-127)).CopyTo(values);
    }

    /// <summary>Value = d·scale·quant − dmin·minimum with quants of 0 to 15; every scale and minimum is 32, packed in 12 bytes of 6-bit
    /// numbers,
    /// whose last four bytes hold the low four bits of the last four pairs: none.</summary>
    private static void SetScalesQ4K(Span<byte> block, float amplitude)
    {
        var scale = amplitude / (7.5f * SubScale);
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)(scale * 7.5f));
        block.Slice(4, 8).Fill(SubScale | ((SubScale >> 4) << 6));
        block.Slice(12, 4).Clear();
    }

    /// <summary>
    /// Value = d·scale·(quant − 32) with quants of 0 to 63 and signed 8-bit scales; half the blocks are negative, as above.
    /// </summary>
    private static void SetScalesQ6K(Span<byte> block, float amplitude)
    {
        var isNegative = (block[208] & 1) == 1;
        block.Slice(192, 16).Fill(SubScale);
        BinaryPrimitives.WriteHalfLittleEndian(block[208..], (Half)((isNegative ? -amplitude : amplitude) / (32 * SubScale)));
    }
}
