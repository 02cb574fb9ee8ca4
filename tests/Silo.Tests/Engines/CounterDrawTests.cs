using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class CounterDrawTests
{
    /// <summary>Known answers that Philox's authors publish with Random123.</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(
        0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_WhenGivenThePublishedInputs_GivesThePublishedOutputs(
        uint counter0, uint counter1, uint counter2, uint counter3, uint key0, uint key1, uint word0, uint word1, uint word2, uint word3) =>
        CounterDraw.Philox((counter0, counter1, counter2, counter3), (key0, key1)).ShouldBe((word0, word1, word2, word3));

    /// <summary>A replay on another machine or by a later version must draw what was drawn.</summary>
    [Theory]
    [InlineData(0UL, 0, 0.3990464708489645)]
    [InlineData(42UL, 17, 0.09665618614977267)]
    [InlineData(ulong.MaxValue, 100_000, 0.16968507174575098)]
    public void Uniform_WhenGivenASeedAndPosition_NeverChanges(ulong seed, int position, double expected) =>
        CounterDraw.Uniform(seed, position).ShouldBe(expected);

    [Fact]
    public void Uniform_WhenDrawnOften_IsUniformAlongPositionsAndAlongSeeds()
    {
        ChiSquare(index => CounterDraw.Uniform(12345, index)).ShouldBeLessThan(180);
        ChiSquare(index => CounterDraw.Uniform((ulong)index, 77)).ShouldBeLessThan(180);
        ChiSquare(index => CounterDraw.Uniform((ulong)index << 32, index)).ShouldBeLessThan(180);
    }

    [Fact]
    public void Uniform_WhenDrawnAtNeighbours_IsNotCorrelated()
    {
        const int Count = 100_000;
        var sum = 0.0;
        for (var index = 0; index < Count; index++)
            sum += (CounterDraw.Uniform(5, index) - 0.5) * (CounterDraw.Uniform(5, index + 1) - 0.5);
        Math.Abs(sum / Count * 12).ShouldBeLessThan(0.02);
    }

    /// <summary>Over 100 bins, 99 degrees of freedom: 180 is beyond one in a million.</summary>
    private static double ChiSquare(Func<int, double> draw)
    {
        const int Count = 100_000;
        var bins = new int[100];
        for (var index = 0; index < Count; index++)
        {
            var value = draw(index);
            value.ShouldBeInRange(0, 1 - double.Epsilon);
            bins[(int)(value * bins.Length)]++;
        }
        const double Expected = (double)Count / 100;
        return bins.Sum(bin => (bin - Expected) * (bin - Expected) / Expected);
    }
}
