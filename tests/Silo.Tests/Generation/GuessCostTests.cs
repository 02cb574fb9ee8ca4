using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class GuessCostTests
{
    [Fact]
    public void Ratio_WhenBatchesWereMeasured_IsTheirs()
    {
        var cost = new GuessCost(4);
        cost.Ratio.ShouldBe(double.PositiveInfinity, "nothing is known");

        cost.Observe(1, 31_000);
        cost.Ratio.ShouldBe(2, "low enough to try");
        cost.Observe(3, 87_000);
        cost.Ratio.ShouldBe(2, "of another size");
        cost.Observe(4, 99_000);

        cost.Ratio.ShouldBe(99.0 / 31, 0.001);
    }

    [Fact]
    public void Ratio_WhenASingleRowWasMeasuredLongAgo_AsksForAnother()
    {
        var cost = new GuessCost(4);
        cost.Observe(1, 60_000);
        for (var batch = 0; batch < 16; batch++)
        {
            cost.Observe(4, 90_000);
            cost.Ratio.ShouldBe(1.5);
        }

        cost.Observe(4, 90_000);
        cost.Ratio.ShouldBe(double.PositiveInfinity);

        cost.Observe(1, 30_000);
        cost.Ratio.ShouldBe(2, 0.001);
    }

    [Fact]
    public void Ratio_WhenGuessesWereMeasuredLongAgo_LetsThemBeTriedAgain()
    {
        var cost = new GuessCost(4);
        cost.Observe(4, 200_000);
        for (var batch = 0; batch < 256; batch++)
        {
            cost.Observe(1, 20_000);
            cost.Ratio.ShouldBe(10);
        }

        cost.Observe(1, 20_000);
        cost.Ratio.ShouldBe(2);

        cost.Observe(4, 40_000);
        cost.Ratio.ShouldBe(6, 0.001);
    }

    [Fact]
    public void Ratio_WhenRowsAreToBeAlone_IsInfinite()
    {
        var cost = new GuessCost(1);
        cost.Observe(1, 10_000);

        cost.Ratio.ShouldBe(double.PositiveInfinity);
    }
}
