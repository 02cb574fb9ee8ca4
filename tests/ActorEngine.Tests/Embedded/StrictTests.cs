using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>Where Orleans promises less than this engine does, the contract asks for what both do; the rest is here.</summary>
public sealed class StrictTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task Grain_WhenItHasEnded_IsPlacedAnewByItsNextCaller()
    {
        var grain = fixture.Client.GetGrain<ICounterGrain>(Random.Shared.NextInt64());
        foreach (var silo in fixture.Cluster.Silos.Concat(fixture.Cluster.Silos))
        {
            using var _ = ClusterFixture.PlaceAt(silo.SiloAddress);
            await grain.IncrementAsync();
            (await grain.GetAsync()).LastSilo.ShouldBe(silo.SiloAddress);
            await grain.EndAsync();
        }
    }

    [Fact]
    public async Task Grains_WhenTheyEndAllTheTimeWhileEverySiloCallsThem_LoseNoCall()
    {
        var factories = fixture.Cluster.Silos.Select(silo => silo.ServiceProvider.GetRequiredService<IGrainFactory>()).ToList();
        await Task.WhenAll(factories.Select(factory => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var grain = factory.GetGrain<ILifeGrain>($"{_key}/{i % 5}");
                await grain.GetActivationAsync();
                if (i % 7 == 0)
                    await grain.EndAsync();
            }
        })));
    }

    [Fact]
    public async Task Calls_WhenTheirSiloIsKilled_AllFailAsSiloUnavailable()
    {
        await using var cluster = ClusterFixture.Build(2);
        await cluster.DeployAsync();
        var grain = cluster.Client.GetGrain<ITurnGrain>(_key);
        using (ClusterFixture.PlaceAt(cluster.Silos[1].SiloAddress))
            await grain.CountAsync();
        var calls = Enumerable.Range(0, 10).Select(_ => grain.WaitInterleavedAsync(_key)).ToList();
        await TestTime.UntilAsync(async () => await grain.PeekAsync() == 10, "ten calls under way");
        await cluster.KillSiloAsync(cluster.Silos[1]);
        foreach (var call in calls)
            await Should.ThrowAsync<SiloUnavailableException>(() => call);
        Gate.Of(_key).Open();
    }
}
