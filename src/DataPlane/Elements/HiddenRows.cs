using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansInference.DataPlane.Elements;

/// <summary>Hidden rows as bytes: row after row, little-endian; a row of F16 or Q8 is its F32 scale, then its elements.</summary>
internal static class HiddenRows
{
    private const float LargestHalf = 65_504;
    private const int LargestHalfExponent = 15;
    private const int ElementsScaledAtOnce = 512;
    private const float LargestQuantum = 127;
    /// <summary>Below this a row's scale has no finite reciprocal, and the row is as good as zero.</summary>
    private const float SmallestScale = 1.2e-38f;

    public static long RowBytes(ElementType type, int hiddenSize) => type switch
    {
        ElementType.F32 => sizeof(float) * (long)hiddenSize,
        ElementType.F16 => sizeof(float) + 2L * hiddenSize,
        ElementType.Q8 => sizeof(float) + (long)hiddenSize,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type."),
    };

    public static void Write(ElementType type, int hiddenSize, ReadOnlySpan<float> rows, Span<byte> destination)
    {
        if (type == ElementType.F32)
        {
            MemoryMarshal.AsBytes(rows).CopyTo(destination);
            return;
        }

        var rowBytes = (int)RowBytes(type, hiddenSize);
        for (; rows.Length > 0; rows = rows[hiddenSize..], destination = destination[rowBytes..])
        {
            if (type == ElementType.F16)
                Halve(rows[..hiddenSize], destination[..rowBytes]);
            else
                Quantize(rows[..hiddenSize], destination[..rowBytes]);
        }
    }

    /// <summary>Fills <paramref name="rows"/> from as many bytes as they take.</summary>
    /// <returns>Whether every scale is one that <see cref="Write"/> makes.</returns>
    public static bool TryRead(ElementType type, int hiddenSize, in ReadOnlySequence<byte> source, Span<float> rows)
    {
        if (type == ElementType.F32)
        {
            source.CopyTo(MemoryMarshal.AsBytes(rows));
            return true;
        }

        var rowBytes = (int)RowBytes(type, hiddenSize);
        var split = source.IsSingleSegment ? null : ArrayPool<byte>.Shared.Rent(rowBytes);
        var valid = true;
        for (var offset = 0L; rows.Length > 0; rows = rows[hiddenSize..], offset += rowBytes)
            valid &= TryReadRow(type, RowOf(source.Slice(offset, rowBytes), split), rows[..hiddenSize]);
        if (split is not null)
            ArrayPool<byte>.Shared.Return(split);
        return valid;
    }

    private static ReadOnlySpan<byte> RowOf(in ReadOnlySequence<byte> row, byte[]? split)
    {
        if (row.IsSingleSegment)
            return row.FirstSpan;
        row.CopyTo(split);
        return split.AsSpan(0, (int)row.Length);
    }

    private static bool TryReadRow(ElementType type, ReadOnlySpan<byte> source, Span<float> row)
    {
        var scale = BinaryPrimitives.ReadSingleLittleEndian(source);
        var elements = source[sizeof(float)..];
        if (type == ElementType.F16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(elements), row);
            if (scale != 1)
                TensorPrimitives.Multiply(row, scale, row);
            return scale >= 1 && float.IsPow2(scale);
        }

        Dequantize(MemoryMarshal.Cast<byte, sbyte>(elements), scale, row);
        return !(scale < 0) && !float.IsInfinity(scale);
    }

    /// <summary>A scale that is a power of two changes no element but those that it makes smaller than a half can be.</summary>
    private static void Halve(ReadOnlySpan<float> row, Span<byte> destination)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(destination[sizeof(float)..]);
        var scale = HalfScaleOf(MathF.Abs(TensorPrimitives.MaxMagnitude(row)));
        BinaryPrimitives.WriteSingleLittleEndian(destination, scale);
        if (scale == 1)
        {
            TensorPrimitives.ConvertToHalf(row, halves);
            return;
        }

        Span<float> scaled = stackalloc float[Math.Min(row.Length, ElementsScaledAtOnce)];
        while (row.Length > 0)
        {
            var count = Math.Min(row.Length, ElementsScaledAtOnce);
            TensorPrimitives.Multiply(row[..count], 1 / scale, scaled);
            TensorPrimitives.ConvertToHalf(scaled[..count], halves);
            row = row[count..];
            halves = halves[count..];
        }
    }

    /// <summary>1 where the largest element fits as it is, or is infinite or no number; else the smallest power of two that makes it fit.</summary>
    private static float HalfScaleOf(float largest)
    {
        if (!(largest > LargestHalf) || float.IsInfinity(largest))
            return 1;
        var scale = MathF.ScaleB(1, MathF.ILogB(largest) - LargestHalfExponent);
        return largest / scale > LargestHalf ? 2 * scale : scale;
    }

    private static void Quantize(ReadOnlySpan<float> row, Span<byte> destination)
    {
        var quanta = MemoryMarshal.Cast<byte, sbyte>(destination[sizeof(float)..]);
        var scale = MathF.Abs(TensorPrimitives.MaxMagnitude(row)) / LargestQuantum;
        if (!float.IsFinite(scale) || scale < SmallestScale)
        {
            // A row that holds a number that is none, or is infinite, arrives as one that is none throughout.
            BinaryPrimitives.WriteSingleLittleEndian(destination, float.IsFinite(scale) ? 0 : float.NaN);
            quanta.Clear();
            return;
        }

        BinaryPrimitives.WriteSingleLittleEndian(destination, scale);
        var reciprocal = 1 / scale;
        var index = 0;
        for (; index <= row.Length - Vector<sbyte>.Count; index += Vector<sbyte>.Count)
        {
            var low = Vector.Narrow(Round(row, index, 0, reciprocal), Round(row, index, 1, reciprocal));
            var high = Vector.Narrow(Round(row, index, 2, reciprocal), Round(row, index, 3, reciprocal));
            Vector.Narrow(low, high).CopyTo(quanta[index..]);
        }

        for (; index < row.Length; index++)
            quanta[index] = (sbyte)MathF.Round(row[index] * reciprocal);
    }

    private static Vector<int> Round(ReadOnlySpan<float> row, int index, int part, float reciprocal) =>
        Vector.ConvertToInt32(Vector.Round(new Vector<float>(row[(index + part * Vector<float>.Count)..]) * reciprocal));

    private static void Dequantize(ReadOnlySpan<sbyte> quanta, float scale, Span<float> row)
    {
        var index = 0;
        for (; index <= row.Length - Vector<sbyte>.Count; index += Vector<sbyte>.Count)
        {
            Vector.Widen(new Vector<sbyte>(quanta[index..]), out var low, out var high);
            Expand(low, scale, row[index..]);
            Expand(high, scale, row[(index + Vector<short>.Count)..]);
        }

        for (; index < row.Length; index++)
            row[index] = quanta[index] * scale;
    }

    private static void Expand(Vector<short> quanta, float scale, Span<float> row)
    {
        Vector.Widen(quanta, out var low, out var high);
        (Vector.ConvertToSingle(low) * scale).CopyTo(row);
        (Vector.ConvertToSingle(high) * scale).CopyTo(row[Vector<float>.Count..]);
    }
}
