using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Placement;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Simulation;

/// <summary>One run of one silo: the engine as it is, on simulated seams.</summary>
internal sealed class SimulatedSilo : IHostApplicationLifetime
{
    private static readonly IConfiguration NoConfiguration = new ConfigurationBuilder().Build();

    private readonly Action _endTransport;

    public SimulatedSilo(SimulatedCluster cluster, string name, SiloAddress address, SimulatedProcess process, Action<ISiloBuilder> configure)
    {
        (Name, Address, Process) = (name, address, process);
        var transport = new SimulatedTransport(cluster.Network, process);
        _endTransport = transport.End;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(new SimulationLogs(process)));
        services.AddSingleton(NoConfiguration);
        services.AddSingleton<IHostApplicationLifetime>(this);
        services.AddSingleton<TimeProvider>(process.Time);
        services.AddSingleton<TaskScheduler>(process.Work);
        services.AddSingleton<ITransport>(transport);
        services.AddSingleton<IClusterMembership>(new SimulatedMembership(cluster.Membership, process, address, cluster.Fence));
        services.AddSingleton<IActivationDirectory>(
            new SimulatedDirectory(cluster.Directory, cluster.Membership, process.Time, cluster.Random));
        services.AddKeyedSingleton(DefaultPlacementDirector.RandomKey, cluster.Random);
        services.AddKeyedSingleton<IGrainStorage>(
            SimulatedCluster.StorageName, new SimulatedStorage(cluster.Storage, process.Time, cluster.Random));
        services.AddSingleton<ITurnObserver>(cluster.Activations.ObserverOf(process));
        var builder = EmbeddedServices.AddTo(services, NoConfiguration);
        builder.UseEmbeddedClustering("simulated", name);
        cluster.Engine.AddTo(services);
        configure(builder);
        Services = services.BuildServiceProvider();
    }

    public string Name { get; }

    public SiloAddress Address { get; }

    public SimulatedProcess Process { get; }

    public IServiceProvider Services { get; }

    private EmbeddedSilo Engine => field ??= Services.GetServices<IHostedService>().OfType<EmbeddedSilo>().Single();

    public bool IsRunning => Process.IsAlive && Engine.IsRunning;

    CancellationToken IHostApplicationLifetime.ApplicationStarted => CancellationToken.None;

    CancellationToken IHostApplicationLifetime.ApplicationStopping => CancellationToken.None;

    CancellationToken IHostApplicationLifetime.ApplicationStopped => CancellationToken.None;

    /// <summary>Joins the cluster.</summary>
    public Task StartAsync() => Process.RunAsync(() => Engine.StartAsync(CancellationToken.None));

    /// <summary>Leaves the cluster in good order, and ends the process.</summary>
    public async Task StopAsync()
    {
        await Process.RunAsync(() => Engine.StopAsync(CancellationToken.None));
        Process.Kill();
    }

    void IHostApplicationLifetime.StopApplication()
    {
    }

    internal void EndTransport() => _endTransport();
}
