using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Hosting;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Shards;
using OrleansInference.Grains.Tests.Fakes;
using OrleansInference.Grains.Tests.Planning;

namespace OrleansInference.Grains.Tests.Cluster;

/// <summary>
/// An in-process cluster: silo 0 is a gateway's, every other offers the device it was given. Time is real, because silos really start
/// and die; nothing sleeps, everything waits for a condition up to a deadline.
/// </summary>
internal sealed class InferenceCluster : IAsyncDisposable
{
    /// <summary>12 layers of 100 bytes and 64 cells of 1 byte a layer: 164 bytes a layer with KV of one slot.</summary>
    public const string Model = "pebble";

    public const long LayerBytes = 164;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly InProcessTestCluster _cluster;
    private readonly Dictionary<SiloAddress, FakeStageHost?> _hosts = [];
    private DeviceProfile? _joining;

    private InferenceCluster(Action<IServiceCollection>? configure)
    {
        AddModel(Model);
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.InitializeClientOnDeploy = false;
        builder.ConfigureSilo((_, silo) => Configure(silo, _joining, configure));
        builder.ConfigureHost(static host => host.Logging.SetMinimumLevel(LogLevel.Warning));
        _cluster = builder.Build();
    }

    public FakeWorld World { get; } = new();

    public SharedGrainStorage Storage { get; } = new();

    public IClusterGrain Grain => Grains.GetGrain<IClusterGrain>(0);

    // Calls come from the gateway's silo, as in a real cluster; no test kills it.
    private Orleans.IGrainFactory Grains => _cluster.Silos[0].ServiceProvider.GetRequiredService<Orleans.IGrainFactory>();

    public static DeviceProfile Device(string name, int layers, string accelerator = "none") =>
        Silos.Profile(name, layers * LayerBytes, accelerator: accelerator);

    public static async Task<InferenceCluster> StartAsync(IEnumerable<DeviceProfile> devices, Action<IServiceCollection>? configure = null)
    {
        var cluster = new InferenceCluster(configure);
        await cluster._cluster.DeployAsync();
        foreach (var device in devices)
            await cluster.StartSiloAsync(device);
        await cluster.AgreeAsync();
        return cluster;
    }

    /// <summary>Starts with every device registered and the model deployed once.</summary>
    public static async Task<InferenceCluster> ServeAsync(IEnumerable<DeviceProfile> devices, Action<IServiceCollection>? configure = null)
    {
        var cluster = await StartAsync(devices, configure);
        await cluster.RegisterAsync();
        await cluster.DeployAsync();
        return cluster;
    }

    public void AddModel(string name, int contextLength = 64) => World.Models[name] =
        PlanningTasks.Model(12, layerBytes: 100, kvBytesPerTokenPerLayer: 1) with { Model = name, ContextLength = contextLength };

    public Task DeployAsync(string model = Model, int replicas = 1, int queueLength = 1) =>
        Grain.DeployAsync(new ModelDeployment(model, replicas, SlotCount: 1, ContextLength: 0, MaximumBatchRows: 16, queueLength));

    public async Task RegisterAsync()
    {
        foreach (var silo in _cluster.Silos)
            await RegisterAsync(silo);
    }

    /// <param name="prepare">What is wrong with its stages from the beginning.</param>
    public async Task AddSiloAsync(DeviceProfile device, Action<FakeStageHost>? prepare = null)
    {
        var silo = await StartSiloAsync(device);
        prepare?.Invoke(silo.ServiceProvider.GetRequiredService<FakeStageHost>());
        await AgreeAsync();
        await RegisterAsync(silo);
    }

    /// <summary>Offers a device once more, as its silo does until it is taken.</summary>
    public Task OfferAsync(string device) => RegisterAsync(SiloOf(device));

    /// <summary>As kill -9: no goodbye, and the data plane breaks at once.</summary>
    public async Task KillAsync(string device)
    {
        var silo = SiloOf(device);
        World.Kill(_hosts[silo.SiloAddress]!);
        await _cluster.KillSiloAsync(silo);
    }

    public FakeStageHost HostOf(string device) => World.HostOf(device);

    /// <summary>The gateway grain of the gateway's silo.</summary>
    public IGatewayGrain Gateway() => Grains.GetGrain<IGatewayGrain>(0);

    public async Task<PipelineStatus?> StatusAsync(string pipeline = Model + "/0") =>
        (await Grain.GetTopologyAsync()).Pipelines.FirstOrDefault(status => status.Specification.Pipeline == pipeline);

    public Task<PipelineStatus> ReadyAsync(long fromEpoch = 1, string pipeline = Model + "/0") => UntilAsync(
        () => StatusAsync(pipeline), status => status is { State: PipelineState.Ready } && status.Epoch >= fromEpoch,
        $"{pipeline} to be ready in epoch {fromEpoch} or later");

    public Task<PipelineStatus> WaitingAsync(string reason, string pipeline = Model + "/0") => UntilAsync(
        () => StatusAsync(pipeline),
        status => status is { State: PipelineState.Waiting } && status.Reason!.Contains(reason, StringComparison.Ordinal),
        $"{pipeline} to wait because of \"{reason}\"");

    /// <summary>Makes a grain's first call with a placement hint, so that the test knows where it lives.</summary>
    public async Task PlaceAsync(string device, Func<Task> firstCall)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloOf(device).SiloAddress);
        try
        {
            await firstCall();
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    /// <summary>Whether the device's silo has hosted a grain of this class.</summary>
    public bool HasHosted<TGrain>(string device) =>
        SiloOf(device).ServiceProvider.GetRequiredService<GrainRecorder>().Categories.ContainsKey(typeof(TGrain).FullName!);

    public IDeviceHealthGrain DeviceGrain(string device) => Grains.GetGrain<IDeviceHealthGrain>(device);

    public IModelShardGrain Shard(string key) => Grains.GetGrain<IModelShardGrain>(key);

    public IPipelineGrain Pipeline(string pipeline = Model + "/0") => Grains.GetGrain<IPipelineGrain>(pipeline);

    public static async Task<T> UntilAsync<T>(Func<Task<T?>> read, Func<T, bool> condition, string wish) where T : class
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        T? last = null;
        Exception? lost = null;
        do
        {
            try
            {
                last = await read() ?? last;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // A call into a dying silo; the next one finds the grain elsewhere.
                lost = exception;
                continue;
            }
            if (last is not null && condition(last))
                return last;
        }
        while (await TickAsync(pace, deadline.Token));
        throw new TimeoutException($"Waited {Patience.TotalSeconds} s in vain for {wish}; last seen: {Describe(last)}", lost);
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    // A record shows of an array only its type.
    private static string Describe(object? seen) => seen is not ClusterTopology topology
        ? $"{seen}"
        : $"devices {string.Join(", ", topology.Devices.Select(static report => report.Registration.Profile.Name))}; "
            + string.Join("; ", topology.Pipelines.Select(static status =>
                $"{status.Specification.Pipeline} {status.State} in epoch {status.Epoch} {status.Reason}"));

    private static async Task<bool> TickAsync(PeriodicTimer pace, CancellationToken deadline)
    {
        try
        {
            return await pace.WaitForNextTickAsync(deadline);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // One after the other: Orleans configures the silos that a cluster begins with all at once, and each could get another's device.
    private Task<InProcessSiloHandle> StartSiloAsync(DeviceProfile device)
    {
        _joining = device;
        return _cluster.StartAdditionalSiloAsync();
    }

    private void Configure(ISiloBuilder silo, DeviceProfile? device, Action<IServiceCollection>? configure)
    {
        silo.AddInferenceGrains();
        silo.Services.AddKeyedSingleton<IGrainStorage>("store", Storage);
        var recorder = new GrainRecorder();
        silo.Services.AddSingleton(recorder).AddLogging(logging => logging.AddProvider(recorder));
        configure?.Invoke(silo.Services);
        silo.UseSiloMetadata(device is null ? [] : new Dictionary<string, string>(DeviceLabels.From(device)));
        if (device is null)
            return;
        silo.Services.AddSingleton(new FakeStageHost(World, device.Name, device.MemoryBytes));
        silo.Services.AddSingleton<IStageHost>(static services => services.GetRequiredService<FakeStageHost>());
        silo.Services.AddSingleton<IModelCatalog>(new FakeCatalog(World, device.Name));
        silo.Services.AddSingleton<IDeviceSensors, FakeSensors>();
        silo.Services.AddSingleton(device);
    }

    // Orleans' silos learn little by little which grain classes the others host, and place nothing where they do not know.
    private async Task AgreeAsync()
    {
        foreach (var caller in _cluster.Silos.Where(static silo => silo.IsActive))
            foreach (var device in _cluster.Silos.Where(static silo => silo.IsActive && HasDevice(silo)))
                await UntilAsync(
                    async () => await ProbeAsync(caller, device.SiloAddress),
                    status => status.Device == device.ServiceProvider.GetRequiredService<FakeStageHost>().Device,
                    $"{caller.Name} to place grains on {device.Name}");
    }

    private static async Task<ShardStatus?> ProbeAsync(InProcessSiloHandle caller, SiloAddress target)
    {
        PlacementRequest.Set(target, requiredBytes: 0);
        try
        {
            var key = new ShardKey($"probe/{Guid.NewGuid():N}", 0).ToString();
            return await caller.ServiceProvider.GetRequiredService<Orleans.IGrainFactory>().GetGrain<IModelShardGrain>(key).GetStatusAsync();
        }
        catch (DeviceUnavailableException)
        {
            return null;
        }
    }

    private static bool HasDevice(InProcessSiloHandle silo) => silo.ServiceProvider.GetService<FakeStageHost>() is not null;

    private async Task RegisterAsync(InProcessSiloHandle silo)
    {
        var host = silo.ServiceProvider.GetService<FakeStageHost>();
        _hosts[silo.SiloAddress] = host;
        if (host is null)
            return;
        var profile = silo.ServiceProvider.GetRequiredService<DeviceProfile>();
        var grains = silo.ServiceProvider.GetRequiredService<Orleans.IGrainFactory>();
        await grains.GetGrain<IDeviceHealthGrain>(profile.Name).RegisterAsync(
            new DeviceRegistration(profile, silo.SiloAddress, silo.Name, Environment.ProcessId, host.Endpoint));
    }

    // The first, where several have the name.
    private InProcessSiloHandle SiloOf(string device) =>
        _cluster.Silos.First(silo => silo.IsActive && silo.ServiceProvider.GetService<FakeStageHost>()?.Device == device);
}
