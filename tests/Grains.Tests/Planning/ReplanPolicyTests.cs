using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

public sealed class ReplanPolicyTests
{
    private static readonly ReplanPolicy Policy = new(Margin: 0.2, TimeSpan.FromMinutes(5), PlanningObjective.Latency);
    private static readonly PlanCost Current = new(StageCount: 3, LatencyPicoseconds: 1000, SlowestStagePicoseconds: 500);

    [Theory]
    [InlineData(799, 6, true)]
    [InlineData(800, 6, false)]
    [InlineData(799, 4, false)]
    public void ShouldReplan_WhenNothingIsLost_WantsTheMarginAndTheCoolDown(long latency, int minutes, bool expected) =>
        Policy.ShouldReplan(Current, Current with { LatencyPicoseconds = latency }, TimeSpan.FromMinutes(minutes), deviceLost: false)
            .ShouldBe(expected);

    [Fact]
    public void ShouldReplan_WhenADeviceIsLost_DoesNotWait() =>
        Policy.ShouldReplan(Current, Current with { LatencyPicoseconds = 9000 }, TimeSpan.Zero, deviceLost: true).ShouldBeTrue();

    [Fact]
    public void IsClearlyBetter_WhenStagesDiffer_PrefersFewerWhateverTheTime()
    {
        Policy.IsClearlyBetter(Current, new PlanCost(2, 5000, 5000)).ShouldBeTrue();
        Policy.IsClearlyBetter(Current, new PlanCost(4, 1, 1)).ShouldBeFalse();
    }

    [Fact]
    public void IsClearlyBetter_WhenThroughputIsTheObjective_LooksAtTheSlowestStage() =>
        (Policy with { Objective = PlanningObjective.Throughput })
            .IsClearlyBetter(Current, Current with { LatencyPicoseconds = 2000, SlowestStagePicoseconds = 300 }).ShouldBeTrue();
}
