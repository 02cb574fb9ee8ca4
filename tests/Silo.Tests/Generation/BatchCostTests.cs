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

    [Theory]
    [InlineData(1, 60_000, 30_000, 4, 90_000, 16, 1.5, double.PositiveInfinity, 2)]
    [InlineData(4, 200_000, 40_000, 1, 20_000, 256, 10, 2, 6)]
    public void Ratio_WhenOneOfBothWasMeasuredLongAgo_HasItMeasuredAgain(
        int rows, int first, int second, int otherRows, int others, int life, double known, double old, double mixed)
    {
        var cost = Guesses(4);
        cost.Observe(rows, first);
        for (var batch = 0; batch < life; batch++)
        {
            cost.Observe(otherRows, others);
            cost.Ratio.ShouldBe(known);
        }

        cost.Observe(otherRows, others);
        cost.Ratio.ShouldBe(old);

        cost.Observe(rows, second);
        cost.Ratio.ShouldBe(mixed, 0.001);
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
