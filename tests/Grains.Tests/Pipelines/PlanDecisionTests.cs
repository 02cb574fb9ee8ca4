using System.Collections.Immutable;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Tests.Fakes;
using OrleansInference.Grains.Tests.Planning;

namespace OrleansInference.Grains.Tests.Pipelines;

public sealed class PlanDecisionTests
{
    private static readonly PipelineSpecification Specification = new("model/0", "model", SlotCount: 2, ContextLength: 0, 32, 4);

    // 12 layers of 100 bytes and 2 × 512 cells without cost.
    private static readonly Models.ModelProfile Model = PlanningTasks.Model(12);

    [Fact]
    public void Of_WhenOthersHaveBooked_PlansWithTheRest()
    {
        var decision = Decide([Offer(1, "a", 1200, committed: 1), Offer(2, "b", 1200, committed: 0)], []);

        decision.Plan!.Stages.Select(stage => stage.Device).ShouldBe(["b"]);
    }

    [Fact]
    public void Of_WhenADeviceIsLost_KeepsTheOtherStages()
    {
        ImmutableArray<PlacedStage> present = [Stage(0, 0, 4, 1), Stage(1, 4, 8, 2), Stage(2, 8, 12, 3)];

        var decision = Decide([Offer(1, "device-1", 400), Offer(3, "device-3", 400), Offer(4, "a-spare", 400)], present);

        decision.IsMove.ShouldBeFalse();
        decision.Plan!.Stages.Select(stage => stage.Device).ShouldBe(["device-1", "a-spare", "device-3"]);
    }

    [Fact]
    public void Of_WhenFewerDevicesWouldDo_Moves()
    {
        ImmutableArray<PlacedStage> present = [Stage(0, 0, 6, 1), Stage(1, 6, 12, 2)];

        var decision = Decide([Offer(1, "device-1", 600), Offer(2, "device-2", 600), Offer(3, "large", 1200)], present);

        decision.IsMove.ShouldBeTrue();
        decision.Plan!.Stages.Select(stage => stage.Device).ShouldBe(["large"]);
    }

    [Fact]
    public void Of_WhenADeviceIsSuspected_AvoidsItIfItCan()
    {
        ImmutableArray<DeviceOffer> offers = [Offer(1, "a", 1200), Offer(2, "b", 1200)];

        Decide(offers, [], "a").Plan!.Stages.Single().Device.ShouldBe("b");
        Decide(offers, [], "a", "b").Plan!.Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public void Of_WhenNothingFitsWithoutSuspects_TakesAsFewAsItCanFromTheFirst()
    {
        ImmutableArray<DeviceOffer> offers = [Offer(1, "a", 600), Offer(2, "b", 600), Offer(3, "c", 600)];

        Decide(offers, [], "c", "a").Plan!.Stages.Select(stage => stage.Device).Order().ShouldBe(["b", "c"]);
        Decide(offers, [], "b", "c", "a").Plan!.Stages.Select(stage => stage.Device).Order().ShouldBe(["b", "c"]);
    }

    [Fact]
    public void Of_WhenAReplicaIsOnADevice_TakesAnotherUnlessThatTakesMoreStages()
    {
        var shared = Offer(1, "a", 1200) with { HoldsReplica = true };

        Decide([shared, Offer(2, "b", 1200)], []).Plan!.Stages.Single().Device.ShouldBe("b");
        Decide([shared, Offer(2, "b", 600), Offer(3, "c", 600)], []).Plan!.Stages.Single().Device.ShouldBe("a");
        Decide([shared with { HoldsReplica = false }, Offer(2, "b", 1200)], []).Plan!.Stages.Single().Device.ShouldBe("a");
    }

    [Fact]
    public void Of_WhenADeviceIsLostAndAReplicaIsOnOneSpare_TakesTheOther()
    {
        ImmutableArray<PlacedStage> present = [Stage(0, 0, 6, 1), Stage(1, 6, 12, 2)];

        var decision = Decide([Offer(1, "device-1", 600), Offer(3, "a", 600) with { HoldsReplica = true }, Offer(4, "b", 600)], present);

        decision.Plan!.Stages.Select(stage => stage.Device).ShouldBe(["device-1", "b"]);
    }

    [Fact]
    public void OfServing_WhenABetterDeviceIsSuspected_StaysEvenIfAllAre()
    {
        ImmutableArray<PlacedStage> present = [Stage(0, 0, 6, 1), Stage(1, 6, 12, 2)];
        ImmutableArray<DeviceOffer> offers = [Offer(1, "device-1", 600), Offer(2, "device-2", 600), Offer(3, "large", 1200)];

        var decision = PlanDecision.OfServing(
            Specification, Model, offers, present, ["device-1", "device-2", "large"], new PlanningOptions());

        decision.IsMove.ShouldBeFalse();
        decision.Plan!.Stages.Select(stage => stage.Device).ShouldBe(["device-1", "device-2"]);
    }

    [Fact]
    public void Of_WhenNothingFits_Refuses() => Decide([Offer(1, "a", 1199)], []).Refusal!.AvailableBytes.ShouldBe(1199);

    [Theory]
    [InlineData(0, 512)]
    [InlineData(100, 100)]
    [InlineData(9000, 512)]
    public void ContextLength_FollowsTheWishAsFarAsTheModelGoes(int wanted, int expected)
    {
        PlanDecision.ContextLength(Specification with { ContextLength = wanted }, Model).ShouldBe(expected);
        PlanDecision.CellCount(Specification with { ContextLength = wanted }, Model).ShouldBe(2 * expected);
    }

    private static PlanDecision Decide(ImmutableArray<DeviceOffer> offers, ImmutableArray<PlacedStage> present, params string[] suspects) =>
        PlanDecision.Of(Specification, Model, offers, present, [.. suspects], new PlanningOptions());

    private static DeviceOffer Offer(int number, string name, long memoryBytes, long committed = 0) =>
        new(Silos.Registration(number, Silos.Profile(name, memoryBytes)), committed);

    private static PlacedStage Stage(int stage, int first, int end, int number) =>
        new(stage, first, end, $"device-{number}", Silos.Address(number), 100 * (end - first));
}
