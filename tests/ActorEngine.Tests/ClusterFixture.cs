using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.TestingHost;
using OrleansInference.ActorEngine.Tests;
using OrleansInference.ActorEngine.Tests.Grains;

[assembly: AssemblyFixture(typeof(ClusterFixture))]

namespace OrleansInference.ActorEngine.Tests;

/// <summary>Three silos that tests share as long as they leave them alive.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public InProcessTestCluster Cluster { get; } = Build(3);

    public IClusterClient Client => Cluster.Client;

    public async ValueTask InitializeAsync()
    {
        await Cluster.DeployAsync();

        // Orleans' silos learn of each other's grain classes little by little.
        foreach (var silo in Cluster.Silos)
            await TestTime.UntilAsync(() => PlacesEverywhereAsync(silo), $"{silo.Name} to place grains on every silo");
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    /// <param name="withUnsendable">Leaves <see cref="IUnsendableGrain"/> in, with the checks that Orleans makes for developers.</param>
    public static InProcessTestCluster Build(
        short silos, Action<InProcessTestSiloSpecificOptions, ISiloBuilder>? configure = null, bool withUnsendable = false)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureHost(host =>
        {
            host.Environment.EnvironmentName = withUnsendable ? Environments.Development : Environments.Production;
            if (!withUnsendable)
                host.Services.Configure<GrainTypeOptions>(types => types.Interfaces.Remove(typeof(IUnsendableGrain)));
        });
        builder.ConfigureSilo((options, silo) =>
        {
            silo.UseSiloMetadata(new Dictionary<string, string> { ["name"] = options.SiloName })
                .AddMemoryGrainStorage("memory")
                .AddPlacementDirector<LabelPlacement, LabelPlacementDirector>();
            configure?.Invoke(options, silo);
        });
        return builder.Build();
    }

    /// <summary>Has grains that are placed within the scope go to a silo.</summary>
    public static IDisposable PlaceAt(SiloAddress silo) => new PlacementScope(silo);

    private async Task<bool> PlacesEverywhereAsync(InProcessSiloHandle caller)
    {
        var grains = caller.ServiceProvider.GetRequiredService<IGrainFactory>();
        foreach (var silo in Cluster.Silos)
        {
            using var _ = PlaceAt(silo.SiloAddress);
            if (!silo.SiloAddress.Equals(await grains.GetGrain<ICalculatorGrain>(Guid.NewGuid().ToString()).GetSiloAsync()))
                return false;
        }
        return true;
    }

    private sealed class PlacementScope : IDisposable
    {
        public PlacementScope(SiloAddress silo) => RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);

        public void Dispose() => RequestContext.Remove(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey);
    }
}
