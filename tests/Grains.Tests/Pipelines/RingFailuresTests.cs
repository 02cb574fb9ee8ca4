using System.Collections.Immutable;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Pipelines;

public sealed class RingFailuresTests
{
    private static readonly ImmutableArray<PlacedStage> Stages = [.. Enumerable.Range(0, 3).Select(static number => Stage(number, "a"))];

    private readonly RingFailures _failures = new();

    [Fact]
    public void Add_FromTheSecondOfOnePlanOn_WantsASuspect()
    {
        _failures.Add(Stages).ShouldBeFalse();
        _failures.Add([.. Stages]).ShouldBeTrue();
        _failures.Add(Stages).ShouldBeTrue();
    }

    [Fact]
    public void Add_WhenThePlanIsAnotherOrWasProven_CountsAnew()
    {
        _failures.Add(Stages);
        _failures.Add(Stages.SetItem(1, Stage(1, "b"))).ShouldBeFalse();
        _failures.Add(Stages).ShouldBeFalse();
        _failures.Clear();
        _failures.Add(Stages).ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 0)]
    public void OfLinking_NamesTheStageThatRefusedAndTheNext(int refusing, int next)
    {
        ShardAnswer[] answers = [.. Stages.Select(stage => new ShardAnswer(
            stage, null, stage.Stage == refusing ? ShardProblem.Refused : ShardProblem.None, null))];

        RingFailures.OfLinking(Stages, answers).Select(stage => stage.Stage).ShouldBe([refusing, next]);
    }

    private static PlacedStage Stage(int number, string device) =>
        new(number, number, number + 1, $"{device}-{number}", Silos.Address(number), 1);
}
