using Orleans;
using Orleans.TestingHost;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class MigrationTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    private IMovingGrain Grain => fixture.Client.GetGrain<IMovingGrain>(_key);

    [Mirrors("MigrateOnIdle moves the grain to the silo of the placement hint, with what it dehydrated.")]
    [Fact]
    public async Task Migration_WhenHinted_GoesThereWithWhatIsInMemory()
    {
        foreach (var silo in fixture.Cluster.Silos)
        {
            var (key, after) = await MoveAsync(silo, $"for {silo.Name}");
            after.Silo.ShouldBe(silo.SiloAddress);
            after.Text.ShouldBe($"for {silo.Name}");
            MovingGrain.Ends[key].ShouldBe(DeactivationReasonCode.Migrating);
        }
    }

    [Mirrors("IPersistentState migrates with its grain: what was not written yet is not lost.")]
    [Fact]
    public async Task Migration_WhenAStateIsNotWritten_CarriesIt()
    {
        (await MoveAsync(fixture.Cluster.Silos[1], "four")).After.Unwritten.ShouldBe(4);
    }

    [Mirrors("Calls that wait for a grain that moves are forwarded to its new activation.")]
    [Fact]
    public async Task Migration_WhenCallsWait_HasThemServedByTheNewActivation()
    {
        var silo = fixture.Cluster.Silos[2];
        var before = await PlaceElsewhereAsync(Grain, silo);
        var moving = Grain.MoveWhileWaitingAsync(silo.SiloAddress, _key);
        await Gate.Of(_key).Reached;
        var waiting = Enumerable.Range(0, 10).Select(_ => Grain.GetAsync()).ToList();
        Gate.Of(_key).Open();
        await moving;
        (await Task.WhenAll(waiting)).ShouldAllBe(report => report.Activation != before.Activation);
    }

    [Mirrors("Where placement chooses the silo that the grain is on, MigrateOnIdle only deactivates it.")]
    [Fact]
    public async Task Migration_WhenToTheSameSilo_OnlyEndsTheActivation()
    {
        var before = await PlaceElsewhereAsync(Grain, fixture.Cluster.Silos[0]);
        await Grain.SetAsync("lost");
        await Grain.MoveAsync(before.Silo);
        var after = await GetWhenMovedAsync(Grain, before);
        after.Text.ShouldBeEmpty();
        after.Arrivals.ShouldBe(0);
    }

    // Orleans moves grains at best effort: when a call reaches the target silo before what the grain takes along, because its caller
    // remembers the grain there, the grain only ends, and comes back wherever its next caller remembers it. So each try has a new grain,
    // of which nobody remembers anything.
    private async Task<(string Key, MovingReport After)> MoveAsync(InProcessSiloHandle silo, string text)
    {
        (string Key, MovingReport After)? moved = null;
        await TestTime.UntilAsync(async () =>
        {
            var key = Guid.NewGuid().ToString();
            var grain = fixture.Client.GetGrain<IMovingGrain>(key);
            var before = await PlaceElsewhereAsync(grain, silo);
            await grain.SetAsync(text);
            await grain.MoveAsync(silo.SiloAddress);
            moved = (key, await GetWhenMovedAsync(grain, before));
            return moved.Value.After.Arrivals == 1;
        }, "the migration");
        return moved!.Value;
    }

    private async Task<MovingReport> PlaceElsewhereAsync(IMovingGrain grain, InProcessSiloHandle silo)
    {
        using (ClusterFixture.PlaceAt(fixture.Cluster.Silos.First(other => other != silo).SiloAddress))
        {
            var report = await grain.GetAsync();
            if (!report.Silo.Equals(silo.SiloAddress))
                return report;
            await grain.MoveAsync(fixture.Cluster.Silos.First(other => other != silo).SiloAddress);
            return await GetWhenMovedAsync(grain, report);
        }
    }

    private static async Task<MovingReport> GetWhenMovedAsync(IMovingGrain grain, MovingReport before)
    {
        var report = before;
        await TestTime.UntilAsync(async () => (report = await grain.GetAsync()).Activation != before.Activation, "the next activation");
        return report;
    }
}
