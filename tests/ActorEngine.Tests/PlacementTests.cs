using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.TestingHost;
using Orleans.Hosting;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class PlacementTests(ClusterFixture fixture)
{
    [Mirrors("A PlacementStrategy's IPlacementDirector chooses the silo; grain properties and silo metadata are at its hand.")]
    [Fact]
    public async Task CustomStrategy_WhenItsDirectorReadsLabels_PlacesBySilosLabels()
    {
        var names = fixture.Cluster.Silos.Select(silo => silo.Name).ToList();
        foreach (var name in names)
            (await fixture.Client.GetGrain<ICallsPlacedGrain>("x").CallPlacedAsync(name)).ShouldBe(name);
    }

    [Mirrors("[PreferLocalPlacement] places a grain on its caller's silo.")]
    [Fact]
    public async Task PreferLocal_WhenCalledByAGrain_IsOnTheGrainsSilo()
    {
        foreach (var silo in fixture.Cluster.Silos)
        {
            var grain = fixture.Client.GetGrain<ICallsLocalGrain>(Guid.NewGuid().ToString());
            using (ClusterFixture.PlaceAt(silo.SiloAddress))
                await grain.CallLocalAsync(Guid.NewGuid().ToString());
            var (own, other) = await grain.CallLocalAsync(Guid.NewGuid().ToString());
            own.ShouldBe(silo.Name);
            other.ShouldBe(silo.Name);
        }
    }

    [Mirrors("[RandomPlacement] spreads grains over all silos.")]
    [Fact]
    public async Task Random_WhenManyGrains_UsesEverySilo()
    {
        var silos = new HashSet<SiloAddress>();
        for (var i = 0; i < 100; i++)
            silos.Add(await fixture.Client.GetGrain<ICalculatorGrain>(Guid.NewGuid().ToString()).GetSiloAsync());
        silos.SetEquals(fixture.Cluster.Silos.Select(silo => silo.SiloAddress)).ShouldBeTrue();
    }

    [Mirrors("IPlacementDirector.PlacementHintKey in the RequestContext names the silo of a new activation.")]
    [Fact]
    public async Task Hint_WhenInTheRequestContext_IsFollowed()
    {
        foreach (var silo in fixture.Cluster.Silos)
        {
            using var _ = ClusterFixture.PlaceAt(silo.SiloAddress);
            (await fixture.Client.GetGrain<ICalculatorGrain>(Guid.NewGuid().ToString()).GetSiloAsync()).ShouldBe(silo.SiloAddress);
        }
    }

    [Mirrors("UseSiloMetadata makes labels known to every silo, through ISiloMetadataCache.")]
    [Fact]
    public void Labels_WhenSilosSetThem_AreKnownToEverySilo()
    {
        foreach (var silo in fixture.Cluster.Silos)
        {
            var metadata = silo.ServiceProvider.GetRequiredService<ISiloMetadataCache>();
            foreach (var other in fixture.Cluster.Silos)
                metadata.GetSiloMetadata(other.SiloAddress).Metadata["name"].ShouldBe(other.Name);
        }
    }

    [Mirrors("IPlacementContext.GetCompatibleSilos has the silos that host the grain class.")]
    [Fact]
    public async Task CompatibleSilos_WhenAClassIsOnOneSiloOnly_AreThatSilo()
    {
        await using var cluster = ClusterFixture.Build(2, (options, silo) =>
        {
            if (options.SiloName != "Silo_1")
                silo.Configure<Orleans.Configuration.GrainTypeOptions>(types => types.Classes.Remove(typeof(CalculatorGrain)));
        });
        await cluster.DeployAsync();
        for (var i = 0; i < 10; i++)
            (await cluster.Client.GetGrain<ICalculatorGrain>($"{i}").GetSiloAsync()).ShouldBe(cluster.Silos[1].SiloAddress);
    }
}
