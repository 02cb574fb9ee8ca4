using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Hosting;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Shards;
using OrleansInference.Simulation.Tests.Checks;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.DataPlane;
using OrleansInference.Simulation.Tests.Devices;
using OrleansInference.Simulation.Tests.Stages;

namespace OrleansInference.Simulation.Tests.Worlds;

/// <summary>The real grains on simulated silos, with devices, a data plane, and clients. Machines start, die and come back.</summary>
internal sealed class World : IModelCatalog
{
    private static readonly TimeSpan RegistrationPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, ModelProfile> _models;
    private readonly SharedEngine _engine;
    private readonly List<RequestRecord> _ended = [];
    private int _endpoints;
    private long _requests;
    private readonly Dictionary<string, ModelDeployment> _deployed = new(StringComparer.Ordinal);

    public World(int seed, Scenario scenario, TextWriter? trace = null, Defects? defects = null)
    {
        (Scenario, Defects) = (scenario, defects ?? new Defects());
        _engine = new SharedEngine(scenario.CollectionAge);
        Cluster = new SimulatedCluster(seed, _engine, trace);
        Random = new Random(unchecked(seed * 31 + 5));
        DataPlane = new SimulatedDataPlane(Cluster, new Random(unchecked(seed * 31 + 6)));
        _models = scenario.Models.ToDictionary(static model => model.Model, StringComparer.Ordinal);
        Machines =
        [
            .. scenario.Devices.Select(profile => new Machine(profile.Name, new SimulatedDevice(profile))),
            .. Enumerable.Range(0, scenario.GatewayCount).Select(index => new Machine($"gateway-{index}", null)),
        ];
        Report = new RunReport();
        Cluster.Fenced = OnFenced;
        Checker = new WorldChecker(Cluster, [.. Machines.Select(static machine => machine.Device).OfType<SimulatedDevice>()]);
    }

    public Scenario Scenario { get; }

    public Defects Defects { get; }

    public SimulatedCluster Cluster { get; }

    public SimulatedDataPlane DataPlane { get; }

    public WorldChecker Checker { get; }

    public RunReport Report { get; }

    /// <summary>Chance for the world: faults and clients.</summary>
    public Random Random { get; }

    public IReadOnlyList<Machine> Machines { get; }

    public IEnumerable<Machine> Gateways => Machines.Where(static machine => machine.Gateway is not null && machine.IsUp);

    public TimeProvider Time => Cluster.Outside.Time;

    /// <summary>Starts a machine's silo and, in the background, offers its device.</summary>
    public async Task StartAsync(Machine machine)
    {
        Checker.Plans.Disturb();
        var endpoint = $"{machine.Name}:{++_endpoints}";
        SimulatedStageHost? stages = null;
        var silo = Cluster.AddSilo(machine.Name, builder =>
        {
            builder.AddInferenceGrains()
                .Configure<EmbeddedClusterOptions>(options => options.WatchesPeers = Scenario.WatchesPeers)
                .Configure<PlanningOptions>(options => options.ReplanCoolDownSeconds = Scenario.ReplanCoolDownSeconds)
                .Configure<PipelineOptions>(options => options.ImprovementSeconds = Scenario.ImprovementSeconds)
                .Configure<AdmissionOptions>(options => options.RefreshMilliseconds = Scenario.RefreshMilliseconds);
            if (machine.Device is not { } device)
                return;
            builder.UseSiloMetadata(new Dictionary<string, string>(DeviceLabels.From(device.Profile)));
            builder.Services.AddSingleton<IStageHost>(_ => stages!);
            builder.Services.AddSingleton<IModelCatalog>(this);
            builder.Services.AddSingleton<IDeviceSensors>(
                services => new SimulatedSensors(device, services.GetRequiredService<TimeProvider>(), () => Cluster.Loop.Now));
        });
        if (machine.Device is { } own)
        {
            stages = new SimulatedStageHost(this, own, silo.Process, endpoint);
            DataPlane.Listen(endpoint, stages);
        }
        (machine.Silo, machine.Stages) = (silo, stages);
        await silo.StartAsync();
        machine.Gateway = machine.Device is null ? new SimulatedGateway(this, silo) : null;
        if (machine.Device is { } offered)
            _ = silo.Process.RunAsync(() => RegisterAsync(silo, offered.Profile, endpoint));
        Checker.Plans.Disturb();
    }

    /// <summary>As kill -9: no goodbye, and the connections of the process break.</summary>
    public void Kill(Machine machine)
    {
        if (machine.Silo is not { } silo)
            return;
        Cluster.Kill(silo);
        OnEnded(machine);
    }

    /// <summary>What a machine's silo leaves behind when its process has ended, however that was.</summary>
    public void OnEnded(Machine machine)
    {
        if (machine.Silo is not { } silo)
            return;
        Checker.Plans.Disturb();
        DataPlane.CloseAll(silo.Process, "the process has ended");
        machine.Gateway?.End();
        machine.Device?.Reset();
        (machine.Silo, machine.Stages, machine.Gateway) = (null, null, null);
    }

    /// <summary>Starts machines again whose silos have ended, as an operator's supervisor does. Goes on as long as the world.</summary>
    public async Task SuperviseAsync()
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), Time);
            foreach (var machine in Machines.Where(machine => machine.Silo is null && Cluster.Loop.Now >= machine.RestartAt))
                _ = StartAsync(machine);
        }
    }

    public async Task StopAsync(Machine machine)
    {
        if (machine.Silo is not { } silo)
            return;
        Checker.Plans.Disturb();
        if (machine.Stages is { } stages)
            await silo.Process.RunAsync(stages.UnloadAllAsync);
        await Cluster.StopAsync(silo);
        OnEnded(machine);
    }

    public static IGrainFactory Grains(Machine machine) => machine.Silo!.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Deploys a model through any gateway; tries until the cluster has taken it.</summary>
    public async Task DeployAsync(ModelDeployment deployment)
    {
        while (!await TryDeployAsync(deployment))
            await Task.Delay(TimeSpan.FromSeconds(1), Time);
        _deployed[deployment.Model] = deployment;
    }

    /// <summary>What the cluster has taken must be what it serves.</summary>
    public void CheckDeployments(ClusterTopology topology)
    {
        foreach (var deployment in _deployed.Values)
            Checker.CheckDeployment(deployment, topology.Deployments.FirstOrDefault(served => served.Model == deployment.Model));
    }

    /// <summary>What the cluster grain says; null when it does not answer.</summary>
    public Task<ClusterTopology?> ReadTopologyAsync() => AskAsync(static cluster => cluster.GetTopologyAsync());

    public RequestRecord Request(Machine gateway, string model, int promptTokens, int maximumTokens)
    {
        var request = new RequestRecord(++_requests, model, promptTokens, maximumTokens, Cluster.Loop.Now);
        Checker.Follow(request);
        gateway.Gateway!.Serve(request);
        return request;
    }

    /// <summary>Waits for the requests that are under way; the checker ends it if that takes too long.</summary>
    public async Task FinishAsync()
    {
        while (!Checker.HaveAllEnded)
            await Task.Delay(TimeSpan.FromMilliseconds(500), Time);
    }

    public void OnAdmitted(GenerationLease lease) => Checker.CheckProven("a lease", lease.Pipeline, lease.Epoch);

    /// <summary>Returns how the request ends.</summary>
    public string OnRefused(AdmissionRefusal refusal)
    {
        if (refusal.Reason == RefusalReason.UnknownModel && _deployed.Count == Scenario.Models.Length)
            Checker.Fail(WorldChecker.DeploymentInvariant, $"a deployed model is unknown: {refusal.Message}");
        if (string.IsNullOrWhiteSpace(refusal.Message))
            Checker.Fail(WorldChecker.RequestInvariant, $"a refusal for {refusal.Reason} does not say why");
        return $"refused: {refusal.Reason}";
    }

    /// <summary>A request was cut off by its gateway, which is right only while something is wrong.</summary>
    public void OnTimedOut()
    {
        if (Checker.Plans.IsCalm)
            Checker.Fail(WorldChecker.RequestInvariant, "a request got no answer although nothing was wrong");
    }

    public void OnEnded(RequestRecord request, string outcome)
    {
        if (request.HasEnded)
            return;
        request.End(outcome);
        _ended.Add(request);
        if (outcome.Length == 0)
            Checker.Fail(WorldChecker.RequestInvariant, $"{request} ended without saying how");
        if (outcome == RequestOutcome.Complete)
            Checker.OnAnswer(request, request.Tokens.Count == request.MaximumTokens ? null : $"has {request.Tokens.Count} tokens");
        RunReport.Count(Report.Requests, outcome.Split(':')[0]);
        Cluster.Loop.Log.Add("client", $"request {request.Number} {outcome}");
    }

    public long WeightBytes(StageAssignment assignment)
    {
        var model = _models[assignment.Model];
        var bytes = assignment.FirstLayer == 0 ? model.EmbeddingBytes : 0;
        bytes += assignment.EndLayer == model.LayerCount ? model.HeadBytes : 0;
        for (var layer = assignment.FirstLayer; layer < assignment.EndLayer; layer++)
            bytes += model.LayerBytes[layer];
        return bytes;
    }

    public long KvBytes(StageAssignment assignment) => (assignment.EndLayer - assignment.FirstLayer)
        * (long)assignment.CellCount * _models[assignment.Model].KvBytesPerTokenPerLayer;

    async Task<ModelProfile> IModelCatalog.GetProfileAsync(string model, CancellationToken cancellation)
    {
        await Task.Yield();
        return _models.TryGetValue(model, out var profile) ? profile : throw new ModelNotFoundException($"There is no model {model}.");
    }

    private void OnFenced(SimulatedSilo silo)
    {
        if (Machines.FirstOrDefault(machine => machine.Silo == silo) is not { } machine)
            return;
        RunReport.Count(Report.Faults, "fenced");
        Cluster.Loop.Log.Add("fault", $"{machine.Name} was fenced");
        machine.RestartAt = Cluster.Loop.Now + TimeSpan.FromSeconds(2);
        OnEnded(machine);
    }

    private static async Task RegisterAsync(SimulatedSilo silo, DeviceProfile profile, string endpoint)
    {
        var grain = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IDeviceHealthGrain>(profile.Name);
        var registration = new DeviceRegistration(profile, silo.Address, silo.Name, silo.Process.Number, endpoint);
        while (true)
        {
            try
            {
                await grain.RegisterAsync(registration);
                return;
            }
            catch (Exception exception)
            {
                silo.Process.Loop.Log.Add(silo.Name, $"could not register: {exception.Message}");
            }
            await Task.Delay(RegistrationPause, silo.Process.Time);
        }
    }

    private async Task<bool> TryDeployAsync(ModelDeployment deployment) => await AskAsync(async cluster =>
    {
        await cluster.DeployAsync(deployment);
        return "deployed";
    }) is not null;

    // From a gateway that is up. It may die meanwhile, and its call with it.
    private async Task<T?> AskAsync<T>(Func<IClusterGrain, Task<T>> question) where T : class
    {
        if (Gateways.FirstOrDefault() is not { } gateway)
            return null;
        var answer = new TaskCompletionSource<T?>();
        _ = gateway.Silo!.Process.RunAsync(async () =>
        {
            try
            {
                answer.TrySetResult(await question(Grains(gateway).GetGrain<IClusterGrain>(0)));
            }
            catch (Exception exception)
            {
                Cluster.Loop.Log.Add(gateway.Name, $"the cluster grain does not answer: {exception.Message}");
                answer.TrySetResult(null);
            }
        });
        var isAnswered = await Task.WhenAny(answer.Task, Task.Delay(AnswerTimeout, Time)) == answer.Task;
        return isAnswered ? await answer.Task : null;
    }
}
