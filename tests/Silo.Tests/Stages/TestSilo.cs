using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Hosting;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>A silo's stages behind a real data plane on loopback, with fake engines and without an actor engine.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;

    private TestSilo(IHost host, FakeEngineFactory engines) => (_host, Engines) = (host, engines);

    public FakeEngineFactory Engines { get; }

    public StageHost Host => _host.Services.GetRequiredService<StageHost>();

    public string Endpoint => _host.Services.GetRequiredService<DataPlaneAddress>().Endpoint;

    public DataPlaneConnector Connector => _host.Services.GetRequiredService<DataPlaneConnector>();

    /// <param name="factory">Real engines in place of the fake ones.</param>
    public static async Task<TestSilo> StartAsync(
        string device, IReadOnlyDictionary<string, string?>? settings = null, IStageEngineFactory? factory = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Device:Name"] = device });
        var engines = new FakeEngineFactory();
        builder.Services.AddSingleton(factory ?? engines);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddOptions<DeviceOptions>().BindConfiguration(DeviceOptions.Section);
        builder.AddStages();
        var host = builder.Build();
        await host.StartAsync();
        return new TestSilo(host, engines);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
