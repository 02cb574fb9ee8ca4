using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class RowBudgetTests
{
    private const int StepMilliseconds = 100;

    [Theory]
    [InlineData(5_000, 0, 20)]
    [InlineData(1_000, 0, 100)]
    [InlineData(200, 50_000, 250)]
    [InlineData(1, 1_000, 512)]
    [InlineData(90_000, 0, RowBudget.LeastPromptRows)]
    public void Rows_WhenBatchesAreFull_SettleWhereTheSlowestStageTakesTheWantedTime(
        int rowMicroseconds, int fixedMicroseconds, int expected)
    {
        var budget = new RowBudget(maximumRows: 512, StepMilliseconds);

        for (var step = 0; step < 60; step++)
            budget.Observe(budget.Rows, fixedMicroseconds + budget.Rows * rowMicroseconds);

        budget.Rows.ShouldBeInRange(expected * 9 / 10, expected * 11 / 10);
    }

    [Fact]
    public void Rows_WhenOneStepIsAnOutlier_GiveWayByHalfAtMostAndRecover()
    {
        var budget = new RowBudget(512, StepMilliseconds);
        for (var step = 0; step < 60; step++)
            budget.Observe(budget.Rows, budget.Rows * 1_000);

        budget.Observe(budget.Rows, 5_000_000);
        budget.Rows.ShouldBeInRange(50, 55);
        for (var step = 0; step < 30; step++)
            budget.Observe(budget.Rows, budget.Rows * 1_000);

        budget.Rows.ShouldBeInRange(90, 110);
    }

    [Fact]
    public void Rows_WhenASmallBatchIsQuick_AreNotLowered()
    {
        var budget = new RowBudget(512, StepMilliseconds);
        var rows = budget.Rows;

        budget.Observe(rows: 2, slowestMicroseconds: 50_000);

        budget.Rows.ShouldBe(rows);
    }

    [Fact]
    public void Rows_WhenNothingWasMeasured_StayAsTheyAre()
    {
        var budget = new RowBudget(16, StepMilliseconds);

        budget.Observe(16, slowestMicroseconds: 0);

        budget.Rows.ShouldBe(16);
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(1, 32)]
    [InlineData(4, 64)]
    [InlineData(9, 96)]
    [InlineData(1_000, 128)]
    public void Rows_WhenSeveralPromptsWait_GrowWithTheSquareRootOfTheirNumberToABound(int prompts, int expected)
    {
        new RowBudget(512, StepMilliseconds).RowsFor(prompts).ShouldBe(expected);
        new RowBudget(50, StepMilliseconds).RowsFor(prompts).ShouldBe(Math.Min(expected, 50));
    }
}
