using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class GgmlLayoutTests
{
    [Theory]
    [InlineData(GgmlType.F32, 1024L)]
    [InlineData(GgmlType.BF16, 512L)]
    [InlineData(GgmlType.I64, 2048L)]
    [InlineData(GgmlType.Q4_0, 144L)]
    [InlineData(GgmlType.Q8_0, 272L)]
    [InlineData(GgmlType.Q8_1, 288L)]
    [InlineData(GgmlType.Q2_K, 84L)]
    [InlineData(GgmlType.Q3_K, 110L)]
    [InlineData(GgmlType.Q4_K, 144L)]
    [InlineData(GgmlType.Q5_K, 176L)]
    [InlineData(GgmlType.Q6_K, 210L)]
    [InlineData(GgmlType.Q8_K, 292L)]
    [InlineData(GgmlType.IQ1_S, 50L)]
    [InlineData(GgmlType.IQ1_M, 56L)]
    [InlineData(GgmlType.IQ2_XXS, 66L)]
    [InlineData(GgmlType.IQ2_XS, 74L)]
    [InlineData(GgmlType.IQ2_S, 82L)]
    [InlineData(GgmlType.IQ3_XXS, 98L)]
    [InlineData(GgmlType.IQ3_S, 110L)]
    [InlineData(GgmlType.IQ4_XS, 136L)]
    [InlineData(GgmlType.IQ4_NL, 144L)]
    [InlineData(GgmlType.TQ1_0, 54L)]
    [InlineData(GgmlType.TQ2_0, 66L)]
    [InlineData(GgmlType.MXFP4, 136L)]
    [InlineData(GgmlType.NVFP4, 144L)]
    [InlineData(GgmlType.Q1_0, 36L)]
    [InlineData(GgmlType.Q2_0, 72L)]
    public void RowBytes_WhenRowHas256Elements_IsThatOfGgml(GgmlType type, long expected) =>
        GgmlLayout.Of(type).RowBytes(256).ShouldBe(expected);

    [Fact]
    public void Of_WhenAnyKnownType_HasALayout()
    {
        foreach (var type in Enum.GetValues<GgmlType>())
        {
            GgmlLayout.IsKnown(type).ShouldBeTrue($"{type}");
            GgmlLayout.Refusal((uint)type).ShouldBeNull();
        }
    }

    [Fact]
    public void TryGetByteLength_WhenProductOverflows_IsFalse()
    {
        var layout = GgmlLayout.Of(GgmlType.F32);

        layout.TryGetByteLength([long.MaxValue], out _).ShouldBeFalse();
        layout.TryGetByteLength([1L << 31, 1L << 31, 2], out _).ShouldBeFalse();
        layout.TryGetByteLength([1L << 30, 1L << 30, 1], out var bytes).ShouldBeTrue();
        bytes.ShouldBe(1L << 62);
        layout.TryGetByteLength([], out _).ShouldBeFalse();
        layout.TryGetByteLength([-1], out _).ShouldBeFalse();
    }
}
