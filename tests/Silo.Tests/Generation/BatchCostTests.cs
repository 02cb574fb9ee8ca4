using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class BatchCostTests
{
    [Fact]
    public void Ratio_WhenBatchesWereMeasured_IsTheirs()
    {
        var cost = Guesses(4);
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
        var cost = Guesses(4);
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
        var cost = Guesses(4);
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
        var cost = Guesses(1);
        cost.Observe(1, 10_000);

        cost.Ratio.ShouldBe(double.PositiveInfinity);
    }

    [Fact]
    public void Ratio_WhenItIsTakenForLowUntilKnown_HasTheBatchTriedOnceASingleRowIsKnown()
    {
        var cost = new BatchCost(2, unknownRatio: 1, singleLife: BatchCost.LifeBatches);
        cost.Observe(1, 10_000);
        cost.Ratio.ShouldBe(1);
        cost.IsMeasured.ShouldBeFalse();

        cost.Observe(2, 19_000);
        cost.IsMeasured.ShouldBeTrue();
        for (var batch = 0; batch < BatchCost.LifeBatches; batch++)
        {
            cost.Ratio.ShouldBe(1.9);
            cost.Observe(2, 19_000);
        }

        cost.Observe(2, 19_000);
        cost.Ratio.ShouldBe(double.PositiveInfinity, "a single row was measured long ago");
    }

    private static BatchCost Guesses(int rows) => new(rows, unknownRatio: 2, singleLife: 16);
}
