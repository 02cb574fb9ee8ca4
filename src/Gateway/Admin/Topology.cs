namespace OrleansInference.Gateway.Admin;

/// <summary>What GET /admin/topology answers, in snake_case JSON.</summary>
internal sealed record Topology(
    IReadOnlyList<SiloTopology> Silos, IReadOnlyList<ModelTopology> Models, IReadOnlyList<PipelineTopology> Pipelines,
        GatewayTopology Gateway);

/// <param name="Endpoint">host:port of the silo's data plane.</param>
internal sealed record SiloTopology(
    string Name, int Pid, DeviceTopology Device, MemoryTopology Memory, double ProcessorLoad, string Endpoint, DateTimeOffset ReadAt);

internal sealed record DeviceTopology(
    string Name, string Class, string Zone, int Threads, string Accelerator, double BandwidthGigabytesPerSecond);

/// <param name="BudgetBytes">What the silo may use for slices and KV.</param>
internal sealed record MemoryTopology(long BudgetBytes, long ResidentBytes, long AvailableBytes);

internal sealed record ModelTopology(
    string Name, int Replicas, int Slots, int ContextLength, int BatchRows, int QueueLength, bool Ready, double LoadProgress);

/// <param name="Reason">Why the pipeline is not ready; null when it is.</param>
internal sealed record PipelineTopology(
    string Name, string Model, long Epoch, string State, string? Reason, double LoadProgress, int ContextLength, string? Head,
    IReadOnlyList<StageTopology> Stages);

/// <param name="Silo">The silo that holds the stage; null when it is not in the roster.</param>
internal sealed record StageTopology(
    int Stage, string? Silo, string Device, int Pid, LayerRange Layers, string State, double LoadProgress, long MappedBytes, long KvBytes);

/// <param name="First">The first layer.</param>
/// <param name="End">One after the last layer.</param>
internal sealed record LayerRange(int First, int End);

/// <param name="InFlightRequests">Generation requests being served by this gateway.</param>
/// <param name="QueuedRequests">Generation requests waiting in this gateway until it serves fewer.</param>
/// <param name="WaitingCompletions">
/// Completions that heads have sent nothing of yet, because they wait for a slot or their prompt is computed; a request with n = 3 has
/// three.
/// </param>
/// <param name="RunningCompletions">Completions that heads have begun to send.</param>
internal sealed record GatewayTopology(
    long InFlightRequests, long QueuedRequests, int WaitingCompletions, int RunningCompletions, int HeadConnections);
