using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.TestingHost;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>Where Orleans moves a grain if nothing comes between, this engine moves it.</summary>
public sealed class StrictMigrationTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task Migration_WhenHinted_SucceedsAtTheFirstTry()
    {
        var grain = fixture.Client.GetGrain<IMovingGrain>(_key);
        var before = await grain.GetAsync();
        foreach (var silo in fixture.Cluster.Silos.Concat(fixture.Cluster.Silos))
        {
            if (silo.SiloAddress.Equals(before.Silo))
                continue;
            await grain.SetAsync($"for {silo.Name}");
            await grain.MoveAsync(silo.SiloAddress);
            var after = before;
            await TestTime.UntilAsync(async () => (after = await grain.GetAsync()).Activation != before.Activation, "the move");
            after.Silo.ShouldBe(silo.SiloAddress);
            after.Text.ShouldBe($"for {silo.Name}");
            after.Arrivals.ShouldBe(1);
            before = after;
        }
    }

    [Fact]
    public async Task Migration_WhenCallsWait_HasThemServedWhereTheGrainWent()
    {
        var grain = fixture.Client.GetGrain<IMovingGrain>(_key);
        var before = await grain.GetAsync();
        var silo = fixture.Cluster.Silos.First(silo => !silo.SiloAddress.Equals(before.Silo));
        var moving = grain.MoveWhileWaitingAsync(silo.SiloAddress, _key);
        await Gate.Of(_key).Reached;
        var waiting = Enumerable.Range(0, 10).Select(_ => grain.GetAsync()).ToList();
        Gate.Of(_key).Open();
        await moving;
        (await Task.WhenAll(waiting)).ShouldAllBe(report => report.Silo.Equals(silo.SiloAddress));
    }

    [Fact]
    public async Task Migration_WhenBackToASiloThatStillClosesItsOldActivation_WaitsForThat()
    {
        var (first, second) = (fixture.Cluster.Silos[1], fixture.Cluster.Silos[2]);
        using (ClusterFixture.PlaceAt(first.SiloAddress))
            await GrainOf<IClosingGrain>(first).MoveAsync(second.SiloAddress);
        await ClosingGrain.Arrived(_key, 1).PassAsync();

        // From where it is now, because calls to where it was wait until that has let go of it.
        await GrainOf<IClosingGrain>(second).MoveAsync(first.SiloAddress);
        await ClosingGrain.Arrived(_key, 2).PassAsync();
        var after = await GrainOf<IClosingGrain>(first).GetAsync();
        (after.Silo, after.Arrivals).ShouldBe((first.SiloAddress, 1));
    }

    [Fact]
    public async Task Migrations_WhenEverySiloCallsAllTheWhile_AllEndOnTheSiloOfTheHint()
    {
        var silos = fixture.Cluster.Silos;
        using var stop = new CancellationTokenSource();
        var callers = silos.Select(silo => Task.Run(async () =>
        {
            var moving = GrainOf<IMovingGrain>(silo);
            while (!stop.IsCancellationRequested)
                await moving.GetAsync();
        })).ToList();
        try
        {
            var grain = GrainOf<IMovingGrain>(silos[0]);
            var before = await grain.GetAsync();
            for (var i = 0; i < 150; i++)
            {
                var silo = silos.Where(silo => !silo.SiloAddress.Equals(before.Silo)).ElementAt(i % 2);
                await grain.SetAsync($"move {i}");
                await grain.MoveAsync(silo.SiloAddress);
                var after = before;
                await TestTime.UntilAsync(async () => (after = await grain.GetAsync()).Activation != before.Activation, "the move");
                (after.Silo, after.Text, after.Arrivals).ShouldBe((silo.SiloAddress, $"move {i}", 1), $"at move {i}");
                before = after;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers);
        }
    }

    [Fact]
    public async Task Migration_WhenItsCallersNeverWait_EndsOnTheSiloOfTheHint()
    {
        var (caller, first, second) = (fixture.Cluster.Silos[0], fixture.Cluster.Silos[1], fixture.Cluster.Silos[2]);
        await Parallel.ForAsync(0, 300, async (i, stopped) =>
        {
            var grain = caller.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IMovingGrain>($"{_key}/{i}");
            MovingReport before;
            using (ClusterFixture.PlaceAt(first.SiloAddress))
                before = await grain.GetAsync();
            var moving = grain.MoveAsync(second.SiloAddress);
            var after = before;
            while (after.Activation == before.Activation)
                after = (await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => grain.GetAsync())).WaitAsync(TestTime.Limit, stopped))[^1];
            await moving;
            (after.Silo, after.Arrivals).ShouldBe((second.SiloAddress, 1));
        });
    }

    private T GrainOf<T>(InProcessSiloHandle silo) where T : IGrainWithStringKey =>
        silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<T>(_key);
}
