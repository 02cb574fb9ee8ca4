using System.Collections.ObjectModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;

namespace Orleans.TestingHost;

/// <summary>Several silos in this process, and a client.</summary>
public sealed class InProcessTestCluster : IAsyncDisposable
{
    private readonly List<InProcessSiloHandle> _silos = [];

    // The path of a socket is short, so the folder's must be.
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"oinf-{Guid.NewGuid():N}"[..17]);
    private IHost? _client;
    private int _started;

    internal InProcessTestCluster(InProcessTestClusterOptions options) => Options = options;

    public InProcessTestClusterOptions Options { get; }

    public IClusterClient Client => (_client ?? throw new InvalidOperationException("The cluster was not deployed."))
        .Services.GetRequiredService<IClusterClient>();

    public ReadOnlyCollection<InProcessSiloHandle> Silos => _silos.AsReadOnly();

    public async Task DeployAsync()
    {
        for (var i = 0; i < Options.InitialSilosCount; i++)
            await StartAdditionalSiloAsync();
        if (Options.InitializeClientOnDeploy)
            await InitializeClientAsync();
        await WaitForLivenessToStabilizeAsync();
    }

    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync()
    {
        var specific = new InProcessTestSiloSpecificOptions { SiloName = $"Silo_{_started++}" };
        var host = NewHost(specific.SiloName);
        foreach (var configure in Options.SiloHostConfigurationDelegates)
            configure(specific, host);
        var built = host.Build();
        await built.StartAsync();
        var handle = new InProcessSiloHandle { SiloHost = built, Name = specific.SiloName };
        _silos.Add(handle);
        return handle;
    }

    public Task StopSiloAsync(InProcessSiloHandle instance) => instance.StopSiloAsync(stopGracefully: true);

    public Task KillSiloAsync(InProcessSiloHandle instance) => instance.StopSiloAsync(stopGracefully: false);

    /// <summary>Waits until every host sees the silos that are active, and no other.</summary>
    public async Task WaitForLivenessToStabilizeAsync(bool didKill = false)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!IsStable())
            await Task.Delay(10, limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is IAsyncDisposable client)
        {
            await _client.StopAsync();
            await client.DisposeAsync();
        }
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        await DeleteFolderAsync();
    }

    // The grains of killed silos may still be at work for a moment.
    private async Task DeleteFolderAsync()
    {
        for (var attempt = 1; Directory.Exists(_folder); attempt++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (attempt < 10)
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task InitializeClientAsync()
    {
        var host = NewHost("client");
        foreach (var configure in Options.ClientHostConfigurationDelegates)
            configure(host);
        host.UseOrleans(client => client.Configure<EmbeddedClusterOptions>(options => options.IsClient = true));
        _client = host.Build();
        await _client.StartAsync();
    }

    private HostApplicationBuilder NewHost(string name)
    {
        var host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        host.Logging.SetMinimumLevel(LogLevel.Warning);
        host.UseOrleans(silo => silo.UseEmbeddedClustering(_folder, name));
        return host;
    }

    private bool IsStable()
    {
        var silos = _silos.FindAll(silo => silo.IsActive);
        var active = silos.Select(silo => silo.SiloAddress).ToHashSet();
        return silos.Select(silo => silo.ServiceProvider)
            .Concat(_client is null ? [] : [_client.Services])
            .All(host => active.SetEquals(host.GetRequiredService<ISiloStatusOracle>().GetApproximateSiloStatuses(onlyActive: true).Keys));
    }
}
