using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Devices;

namespace OrleansInference.Simulation.Tests.Checks;

/// <summary>What must always hold, looked at after every event. What is found ends the simulation.</summary>
internal sealed class WorldChecker
{
    public const string EpochInvariant = "epoch";
    public const string MemoryInvariant = "memory";
    public const string RequestInvariant = "requests end";
    public const string AnswerInvariant = "answers are whole";
    public const string ProofInvariant = "ready is proven";
    public const string DeploymentInvariant = "deployments last";
    public const string RecoveryInvariant = "pipelines recover";
    public const string PlanInvariant = "plans are stable";

    /// <summary>A request ends within this, whatever happens: two attempts, each bounded by the gateway's deadlines.</summary>
    public static readonly TimeSpan RequestBound = TimeSpan.FromSeconds(200);

    private readonly SimulatedCluster _cluster;
    private readonly SimulationLoop _loop;
    private readonly List<SimulatedDevice> _filled = [];
    private readonly HashSet<(string Pipeline, long Epoch)> _proven = [];
    private readonly Queue<RequestRecord> _open = new();
    private long _steps;
    private readonly Dictionary<string, long> _checks = new(StringComparer.Ordinal);

    public WorldChecker(SimulatedCluster cluster, IEnumerable<SimulatedDevice> devices)
    {
        (_cluster, _loop) = (cluster, cluster.Loop);
        foreach (var device in devices)
            device.Filled = _filled.Add;
        Plans = new PlanWatch(_loop);
        _loop.AfterStep = AfterStep;
        cluster.Activations.CallStarted = OnCall;
        cluster.Storage.Written += OnWritten;
    }

    public PlanWatch Plans { get; }

    public void CheckEpoch(string what, string device, (string Pipeline, int Stage) stage, long epoch, long newest)
    {
        Count(EpochInvariant);
        if (epoch < newest)
            Fail(EpochInvariant, $"stage {stage.Stage} of {stage.Pipeline} on {device} took the {what} of epoch {epoch} after epoch {newest}");
    }

    public void NoteProof(string pipeline, long epoch) => _proven.Add((pipeline, epoch));

    public void CheckProven(string what, string pipeline, long epoch)
    {
        Count(ProofInvariant);
        if (!_proven.Contains((pipeline, epoch)))
            Fail(ProofInvariant, $"{what} says that {pipeline} is ready in epoch {epoch}, in which no token went round");
    }

    public void CheckDeployment(ModelDeployment taken, ModelDeployment? served)
    {
        Count(DeploymentInvariant);
        if (served != taken)
            Fail(DeploymentInvariant, $"the cluster has taken {taken}, and serves {served?.ToString() ?? "nothing"}");
    }

    public void Follow(RequestRecord request) => _open.Enqueue(request);

    public bool HaveAllEnded => _open.All(static request => request.HasEnded);

    /// <summary>Every request that was made must have ended.</summary>
    public void CheckAllEnded()
    {
        Count(RequestInvariant);
        if (_open.FirstOrDefault(static request => !request.HasEnded) is { } open)
            Fail(RequestInvariant, $"{open} has not ended");
    }

    public void OnAnswer(RequestRecord request, string? fault)
    {
        Count(AnswerInvariant);
        if (fault is not null)
            Fail(AnswerInvariant, $"{request}: {fault}");
    }

    public void Fail(string invariant, string message) => _loop.Fail(new InvariantViolationException(invariant, message));

    public void AddTo(RunReport report)
    {
        foreach (var (invariant, count) in _checks)
            RunReport.Count(report.Checks, invariant, count);
        RunReport.Count(report.Checks, MemoryInvariant, _steps);
        RunReport.Count(report.Checks, RequestInvariant, _steps);
        RunReport.Count(report.Checks, PlanInvariant, Plans.Checks);
        RunReport.Count(report.Checks, "one activation", _cluster.Activations.Checks);
    }

    private void AfterStep()
    {
        // Memory is freed for others to hold within one event, so what counts is what is held after it.
        foreach (var device in _filled)
        {
            if (device.HeldBytes > device.Profile.MemoryBytes)
                Fail(MemoryInvariant, $"{device.Name} holds {device.HeldBytes:N0} bytes and has {device.Profile.MemoryBytes:N0}");
        }
        _filled.Clear();
        while (_open.TryPeek(out var ended) && ended.HasEnded)
            _open.Dequeue();
        if (_open.TryPeek(out var oldest) && _loop.Now - oldest.StartedAt > RequestBound)
            Fail(RequestInvariant, $"{oldest} has not ended within {RequestBound}");
        _steps++;
    }

    private void OnCall(CallTurn call)
    {
        foreach (var argument in call.Arguments)
        {
            if (argument is PipelineStatus { State: PipelineState.Ready } status)
                CheckProven("a report", status.Specification.Pipeline, status.Epoch);
        }
    }

    private void OnWritten(GrainId grainId, object? state)
    {
        if (state is PipelineRecord record)
            Plans.Note(grainId.Key.ToString(), record.Epoch);
    }

    private void Count(string invariant) => _checks[invariant] = _checks.GetValueOrDefault(invariant) + 1;
}
