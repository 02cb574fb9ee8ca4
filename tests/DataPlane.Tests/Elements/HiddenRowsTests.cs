using System.Buffers;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Elements;

public sealed class HiddenRowsTests
{
    private static readonly float[] HalfEdges = [0, -0f, 1, -1, 65_504, -65_504, 6e-8f, 2.9e-8f, 1e-45f, 0.1f, 2_049];

    private static readonly float[] Edges =
        [.. HalfEdges, 65_520, -70_000, float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(64)]
    [InlineData(2_048)]
    public void F16_WhenWritten_RoundsAsTheFrameworkDoes(int hiddenSize)
    {
        var rows = Rows(3, hiddenSize);
        HalfEdges.AsSpan(0, Math.Min(HalfEdges.Length, rows.Length)).CopyTo(rows);
        var read = WriteAndRead(ElementType.F16, hiddenSize, rows);
        for (var i = 0; i < rows.Length; i++)
            read[i].ShouldBe((float)(Half)rows[i]);
    }

    [Fact]
    public void F16_WhenElementsAreBeyondAHalf_KeepsThemAndTheirRowsOthers()
    {
        float[] row = [1, -3.25f, 70_000, -800_000];
        var read = WriteAndRead(ElementType.F16, row.Length, [.. row, 1, 2, 3, 0.1f]);
        for (var i = 0; i < row.Length; i++)
            Math.Abs(read[i] - row[i]).ShouldBeLessThanOrEqualTo(Math.Abs(row[i]) * 0.001f);
        // The other row is none the worse for it.
        read[row.Length..].ShouldBe([1, 2, 3, (float)(Half)0.1f]);
    }

    [Theory]
    [InlineData(65_504f, 1)]
    [InlineData(-65_505f, 2)]
    [InlineData(65_520f, 2)]
    [InlineData(131_008f, 2)]
    [InlineData(131_009f, 4)]
    [InlineData(-800_000f, 16)]
    [InlineData(3.4e38f, 5.192296858534828e33)]
    public void F16_WhenARowHasALargestElement_IsScaledByTheSmallestPowerOfTwoThatMakesItFit(float largest, double scale)
    {
        // Longer than what is scaled at once, and no multiple of it.
        const int hiddenSize = 1_300;
        var rows = Rows(1, hiddenSize);
        for (var i = 0; i < hiddenSize; i++)
            rows[i] *= Math.Abs(largest) / 10;
        rows[700] = largest;
        var bytes = new byte[HiddenRows.RowBytes(ElementType.F16, hiddenSize)];
        HiddenRows.Write(ElementType.F16, hiddenSize, rows, bytes);
        BitConverter.ToSingle(bytes).ShouldBe((float)scale);
        var read = new float[hiddenSize];
        HiddenRows.TryRead(ElementType.F16, hiddenSize, new ReadOnlySequence<byte>(bytes), read).ShouldBeTrue();
        for (var i = 0; i < hiddenSize; i++)
            read[i].ShouldBe((float)(Half)(rows[i] / (float)scale) * (float)scale);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void F16_WhenAnElementIsNotFinite_IsNotScaled(float extreme) =>
        WriteAndRead(ElementType.F16, 4, [1, 70_000, extreme, 0.1f]).ShouldBe([1, float.PositiveInfinity, extreme, (float)(Half)0.1f]);

    [Theory]
    [InlineData(0f)]
    [InlineData(0.5f)]
    [InlineData(3f)]
    [InlineData(-2f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void F16_WhenAScaleIsImpossible_IsNotValid(float scale)
    {
        byte[] bytes = [.. BitConverter.GetBytes(scale), 0, 0, 0, 0];
        HiddenRows.TryRead(ElementType.F16, 2, new ReadOnlySequence<byte>(bytes), new float[2]).ShouldBeFalse();
    }

    [Fact]
    public void F32_WhenWritten_IsExactToTheBit()
    {
        var read = WriteAndRead(ElementType.F32, Edges.Length, Edges);
        read.Select(BitConverter.SingleToInt32Bits).ShouldBe(Edges.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(2_050)]
    public void Q8_WhenWritten_IsWithinHalfAStepOfEachRowsOwnScale(int hiddenSize)
    {
        var rows = Rows(4, hiddenSize);
        // Rows of very different size: one scale for all would lose the small ones.
        for (var i = 0; i < rows.Length; i++)
            rows[i] *= MathF.Pow(1_000, i / hiddenSize - 1);
        var read = WriteAndRead(ElementType.Q8, hiddenSize, rows);
        for (var row = 0; row < 4; row++)
        {
            var expected = rows.AsSpan(row * hiddenSize, hiddenSize).ToArray();
            var step = expected.Max(Math.Abs) / 127;
            for (var i = 0; i < hiddenSize; i++)
                Math.Abs(read[row * hiddenSize + i] - expected[i]).ShouldBeLessThanOrEqualTo(step * 0.5001f);
        }
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-44f, 0f)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.NegativeInfinity, float.NaN)]
    public void Q8_WhenARowHasNoUsableScale_ArrivesAsZeroOrAsNoNumber(float extreme, float expected)
    {
        var rows = new float[80];
        rows[17] = extreme;
        WriteAndRead(ElementType.Q8, 40, rows).ShouldBe(
            [.. Enumerable.Repeat(expected, 40), .. Enumerable.Repeat(0f, 40)]);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(float.PositiveInfinity)]
    public void Q8_WhenAScaleIsImpossible_IsNotValid(float scale)
    {
        byte[] bytes = [.. BitConverter.GetBytes(scale), 1, 2];
        HiddenRows.TryRead(ElementType.Q8, 2, new ReadOnlySequence<byte>(bytes), new float[2]).ShouldBeFalse();
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.Q8)]
    public void Rows_WhenTheirBytesAreSplitAnywhere_AreTheSame(ElementType type)
    {
        var rows = Rows(2, 37);
        var bytes = new byte[2 * HiddenRows.RowBytes(type, 37)];
        HiddenRows.Write(type, 37, rows, bytes);
        var whole = WriteAndRead(type, 37, rows);
        for (var at = 0; at <= bytes.Length; at++)
        {
            var read = new float[rows.Length];
            HiddenRows.TryRead(type, 37, Codecs.Split(bytes, at), read).ShouldBeTrue();
            read.ShouldBe(whole);
        }
    }

    [Fact]
    public void Pool_WhenMoreComesBackThanItKeeps_KeepsNoMore()
    {
        var pool = new AlignedBufferPool(20_000);
        var buffers = Enumerable.Range(0, 10).Select(_ => pool.Rent(1_000)).ToArray();
        foreach (var buffer in buffers)
            buffer.Dispose();
        pool.PooledBytes.ShouldBeInRange(1, 20_000);
        using var again = pool.Rent(600);
        pool.PooledBytes.ShouldBeLessThan(16_000);
        again.Memory.Length.ShouldBe(600);
    }

    private static float[] Rows(int count, int hiddenSize)
    {
        var random = new Random(count * 1_000 + hiddenSize);
        return [.. Enumerable.Range(0, count * hiddenSize).Select(_ => (float)(random.NextDouble() * 8 - 4))];
    }

    private static float[] WriteAndRead(ElementType type, int hiddenSize, float[] rows)
    {
        var bytes = new byte[rows.Length / hiddenSize * HiddenRows.RowBytes(type, hiddenSize)];
        HiddenRows.Write(type, hiddenSize, rows, bytes);
        var read = new float[rows.Length];
        HiddenRows.TryRead(type, hiddenSize, new ReadOnlySequence<byte>(bytes), read).ShouldBeTrue();
        return read;
    }
}
