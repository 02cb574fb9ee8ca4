using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

public sealed class ReplanPolicyTests
{
    private static readonly ReplanPolicy Policy = new(Margin: 0.2, TimeSpan.FromMinutes(5), PlanningObjective.Latency);
    private static readonly PlanCost Current = new(StageCount: 3, LatencyPicoseconds: 1000, SlowestStagePicoseconds: 500);

    [Theory]
    [InlineData(799, true)]
    [InlineData(800, false)]
    [InlineData(1200, false)]
    public void IsClearlyBetter_WhenStagesAreAsMany_WantsTheMargin(long latency, bool expected) =>
        Policy.IsClearlyBetter(Current, Current with { LatencyPicoseconds = latency }).ShouldBe(expected);

    [Theory]
    [InlineData(299, false)]
    [InlineData(300, true)]
    public void HasCooledDown_AfterATime_FollowsTheCoolDown(int seconds, bool expected) =>
        Policy.HasCooledDown(TimeSpan.FromSeconds(seconds)).ShouldBe(expected);

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
