using System.Collections.Immutable;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Pipelines;

public sealed class SuspicionsTests
{
    private static readonly ImmutableArray<DeviceOffer> Offers = [Offer("a", silo: 1), Offer("b", silo: 2)];

    private readonly ManualTime _time = new();
    private readonly Suspicions _suspicions;

    public SuspicionsTests() => _suspicions = new Suspicions(_time, new PipelineOptions());

    [Fact]
    public void Among_AfterTheirTime_AreForgotten()
    {
        _suspicions.Add(Stage("b", silo: 2));
        _time.Advance(TimeSpan.FromSeconds(20));
        _suspicions.Add(Stage("a", silo: 1));

        _suspicions.Among(Offers).ShouldBe(["b", "a"]);
        _time.Advance(TimeSpan.FromSeconds(10));
        _suspicions.Among(Offers).ShouldBe(["a"]);
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 60)]
    [InlineData(7, 1_920)]
    [InlineData(8, 3_600)]
    [InlineData(1_000, 3_600)]
    public void Add_WithEveryFailure_DoublesUpToTheLimit(int failures, int seconds)
    {
        for (var failure = 0; failure < failures; failure++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            _suspicions.Add(Stage("a", silo: 1));
        }

        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        _suspicions.Among(Offers).ShouldBe(["a"]);
        _time.Advance(TimeSpan.FromSeconds(1));
        _suspicions.Among(Offers).ShouldBeEmpty();
    }

    [Fact]
    public void Among_WhenTheDeviceHasANewSilo_ForgetsAllOfTheOld()
    {
        _suspicions.Add(Stage("a", silo: 1));
        _suspicions.Add(Stage("a", silo: 1));

        _suspicions.Among([Offer("a", silo: 3)]).ShouldBeEmpty();
        _suspicions.Add(Stage("a", silo: 3));
        _time.Advance(TimeSpan.FromSeconds(30));
        _suspicions.Among([Offer("a", silo: 3)]).ShouldBeEmpty();
    }

    [Fact]
    public void Forgive_WhenADeviceServes_BeginsAnew()
    {
        _suspicions.Add(Stage("a", silo: 1));
        _suspicions.Forgive([Stage("a", silo: 1)]);

        _suspicions.Among(Offers).ShouldBeEmpty();
        _suspicions.Add(Stage("a", silo: 1));
        _time.Advance(TimeSpan.FromSeconds(30));
        _suspicions.Among(Offers).ShouldBeEmpty();
    }

    [Fact]
    public void NextOf_TakesEachInTurn()
    {
        PlacedStage[] stages = [Stage("a", silo: 1), Stage("b", silo: 2)];
        var turns = new List<string>();
        for (var turn = 0; turn < 3; turn++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var next = _suspicions.NextOf(stages);
            turns.Add(next.Device);
            _suspicions.Add(next);
        }

        turns.ShouldBe(["a", "b", "a"]);
    }

    private static DeviceOffer Offer(string device, int silo) => new(Silos.Registration(silo, Silos.Profile(device)), 0);

    private static PlacedStage Stage(string device, int silo) => new(0, 0, 1, device, Silos.Address(silo), 1);
}
