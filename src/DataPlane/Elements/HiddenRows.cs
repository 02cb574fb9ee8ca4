using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansInference.DataPlane.Elements;

/// <summary>Hidden rows as bytes: row after row, little-endian; a Q8 row is its F32 scale, then its elements.</summary>
internal static class HiddenRows
{
    private const float LargestQuantum = 127;
    /// <summary>Below this a row's scale has no finite reciprocal, and the row is as good as zero.</summary>
    private const float SmallestScale = 1.2e-38f;

    public static long RowBytes(ElementType type, int hiddenSize) => type switch
    {
        ElementType.F32 => sizeof(float) * (long)hiddenSize,
        ElementType.F16 => 2L * hiddenSize,
        ElementType.Q8 => sizeof(float) + (long)hiddenSize,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type."),
    };

    public static void Write(ElementType type, int hiddenSize, ReadOnlySpan<float> rows, Span<byte> destination)
    {
        switch (type)
        {
            case ElementType.F32:
                MemoryMarshal.AsBytes(rows).CopyTo(destination);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToHalf(rows, MemoryMarshal.Cast<byte, Half>(destination));
                break;
            default:
                var rowBytes = (int)RowBytes(type, hiddenSize);
                for (; rows.Length > 0; rows = rows[hiddenSize..], destination = destination[rowBytes..])
                    Quantize(rows[..hiddenSize], destination[..rowBytes]);
                break;
        }
    }

    /// <summary>Fills <paramref name="rows"/> from as many bytes as they take.</summary>
    /// <returns>Whether every Q8 scale is one that <see cref="Write"/> makes.</returns>
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
        if (type == ElementType.F16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), row);
            return true;
        }

        var scale = BinaryPrimitives.ReadSingleLittleEndian(source);
        Dequantize(MemoryMarshal.Cast<byte, sbyte>(source[sizeof(float)..]), scale, row);
        return !(scale < 0) && !float.IsInfinity(scale);
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
