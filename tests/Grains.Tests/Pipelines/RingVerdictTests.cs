using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Pipelines;

public sealed class RingVerdictTests
{
    private const long Epoch = 4;
    private static readonly Dictionary<int, int> NoneUnanswered = [];

    [Fact]
    public void OfLoading_WhenAllAreLoadedOrLinked_IsSound() =>
        Loading(Good(0, ShardState.Loaded), Good(1, ShardState.Linked)).Condition.ShouldBe(RingCondition.Sound);

    [Fact]
    public void OfLoading_WhenOneStillLoads_IsPending() =>
        Loading(Good(0, ShardState.Loaded), Good(1, ShardState.Loading)).Condition.ShouldBe(RingCondition.Pending);

    [Fact]
    public void OfLoading_WhenOneIsOfAnotherEpoch_IsPending() =>
        Loading(Good(0, ShardState.Loaded), Good(1, ShardState.Linked, epoch: 3)).Condition.ShouldBe(RingCondition.Pending);

    [Fact]
    public void OfLoading_WhenOneFaults_SuspectsItsDevice()
    {
        var verdict = Loading(Good(0, ShardState.Loaded), Good(1, ShardState.Faulted, fault: "no such file"));

        verdict.Condition.ShouldBe(RingCondition.Failed);
        verdict.Reason.ShouldBe("stage 1 on device-1: no such file");
        verdict.Suspects.ShouldBe(["device-1"]);
    }

    [Fact]
    public void OfLoading_WhenASiloIsLostAndAnotherShardFaults_BlamesNobody()
    {
        var verdict = Loading(Good(0, ShardState.Faulted), Bad(1, ShardProblem.SiloLost));

        verdict.Condition.ShouldBe(RingCondition.Lost);
        verdict.Suspects.ShouldBeEmpty();
    }

    [Fact]
    public void OfServing_WhenAllAreLinked_IsSound() =>
        Serving(NoneUnanswered, Good(0, ShardState.Linked), Good(1, ShardState.Linked)).Condition.ShouldBe(RingCondition.Sound);

    [Theory]
    [InlineData(1, RingCondition.Pending)]
    [InlineData(2, RingCondition.Failed)]
    public void OfServing_WhenAShardDoesNotAnswer_WaitsForTheLimit(int times, object condition)
    {
        var verdict = Serving(new() { [1] = times }, Good(0, ShardState.Linked), Bad(1, ShardProblem.Unanswered));

        verdict.Condition.ShouldBe((RingCondition)condition);
        verdict.Suspects.ShouldBe(times == 2 ? ["device-1"] : []);
    }

    [Theory]
    [InlineData(ShardState.Empty, Epoch)]
    [InlineData(ShardState.Loaded, Epoch)]
    [InlineData(ShardState.Linked, Epoch - 1)]
    [InlineData(ShardState.Linked, Epoch + 1)]
    [InlineData(ShardState.Faulted, Epoch)]
    public void OfServing_WhenAShardIsNotWhatItShouldBe_IsFailed(ShardState state, long epoch) =>
        Serving(NoneUnanswered, Good(0, ShardState.Linked), Good(1, state, epoch)).Condition.ShouldBe(RingCondition.Failed);

    [Theory]
    [InlineData(ShardProblem.SiloLost, RingCondition.Lost)]
    [InlineData(ShardProblem.Unanswered, RingCondition.Failed)]
    [InlineData(ShardProblem.Refused, RingCondition.Failed)]
    [InlineData(ShardProblem.None, RingCondition.Sound)]
    public void OfCalls_FollowsTheWorstAnswer(object problem, object condition) =>
        RingVerdict.OfCalls([Good(0, ShardState.Linked), Bad(1, (ShardProblem)problem)]).Condition.ShouldBe((RingCondition)condition);

    [Theory]
    [InlineData(ShardProblem.SiloLost, RingCondition.Sound)]
    [InlineData(ShardProblem.Unanswered, RingCondition.Failed)]
    [InlineData(ShardProblem.Refused, RingCondition.Failed)]
    public void OfUnloading_WhenAnotherSiloIsLost_StillWantsEveryLivingOnesWord(object problem, object condition) =>
        RingVerdict.OfUnloading([Bad(0, ShardProblem.SiloLost), Bad(1, (ShardProblem)problem)]).Condition.ShouldBe((RingCondition)condition);

    private static RingVerdict Loading(params ShardAnswer[] answers) =>
        RingVerdict.OfLoading(answers, Epoch, NoneUnanswered, unansweredLimit: 2);

    private static RingVerdict Serving(Dictionary<int, int> unanswered, params ShardAnswer[] answers) =>
        RingVerdict.OfServing(answers, Epoch, unanswered, unansweredLimit: 2);

    private static ShardAnswer Good(int stage, ShardState state, long epoch = Epoch, string? fault = null) => new(
        Stage(stage), new ShardStatus(state, epoch, $"device-{stage}", 1, "127.0.0.1:1", 1, 0, 0, 0, 0, fault), ShardProblem.None, null);

    private static ShardAnswer Bad(int stage, ShardProblem problem) => new(Stage(stage), null, problem, $"{problem}");

    private static PlacedStage Stage(int stage) => new(stage, stage, stage + 1, $"device-{stage}", Silos.Address(stage), 1);
}
