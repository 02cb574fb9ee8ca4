using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansInference.DataPlane.Connections;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Hosting;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>A silo's stages behind a real data plane on loopback, with fake engines and without an actor engine.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestSilo(WebApplication app, FakeEngineFactory engines) => (_app, Engines) = (app, engines);

    public FakeEngineFactory Engines { get; }

    public StageHost Host => _app.Services.GetRequiredService<StageHost>();

    public string Endpoint => _app.Services.GetRequiredService<DataPlaneAddress>().Endpoint;

    public DataPlaneConnector Connector => _app.Services.GetRequiredService<DataPlaneConnector>();

    /// <param name="factory">Real engines in place of the fake ones.</param>
    public static async Task<TestSilo> StartAsync(
        string device, IReadOnlyDictionary<string, string?>? settings = null, IStageEngineFactory? factory = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Device:Name"] = device });
        var engines = new FakeEngineFactory();
        builder.Services.AddSingleton(factory ?? engines);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddOptions<DeviceOptions>().BindConfiguration(DeviceOptions.Section);
        builder.AddStages();
        var app = builder.Build();
        await app.StartAsync();
        return new TestSilo(app, engines);
    }

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
