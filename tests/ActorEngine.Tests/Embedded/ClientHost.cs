using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;
using OrleansInference.Embedded.Hosting;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>A member in the test's process that only calls, unless it is made a silo.</summary>
internal sealed class ClientHost : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _isStarted;

    private ClientHost(IHost host) => _host = host;

    public IClusterClient Client => Get<IClusterClient>();

    public static ClientHost Create(string folder, string name = "test", Action<ISiloBuilder>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo =>
        {
            silo.UseEmbeddedClustering(folder, name)
                .Configure<EmbeddedClusterOptions>(options => options.IsClient = true)
                .Configure<GrainTypeOptions>(types => types.Interfaces.Remove(typeof(IUnsendableGrain)));
            configure?.Invoke(silo);
        });
        return new ClientHost(builder.Build());
    }

    public static async Task<ClientHost> StartAsync(string folder, string name = "test", Action<ISiloBuilder>? configure = null)
    {
        var client = Create(folder, name, configure);
        await client.StartAsync();
        return client;
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        _isStarted = true;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public Task UntilSilosAsync(int count) => TestTime.UntilAsync(
        () => Get<ISiloStatusOracle>().GetApproximateSiloStatuses(onlyActive: true).Count == count, $"{count} silos");

    public async ValueTask DisposeAsync()
    {
        if (_isStarted)
            await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
