using System.Globalization;

namespace OrleansInference.Tool.Clusters;

/// <summary>What the tool reads of GET /admin/topology.</summary>
internal sealed record ClusterTopology(
    IReadOnlyList<SiloTopology> Silos, IReadOnlyList<ModelTopology> Models, IReadOnlyList<PipelineTopology> Pipelines);

/// <summary>A deployed model, and whether a pipeline of it is ready.</summary>
internal sealed record ModelTopology(string Name, bool Ready);

internal sealed record SiloTopology(string Name, int Pid, DeviceTopology Device, MemoryTopology Memory);

internal sealed record DeviceTopology(string Name, string Class);

internal sealed record MemoryTopology(long BudgetBytes, long ResidentBytes);

/// <param name="Reason">Why the pipeline is not ready; null when it is.</param>
internal sealed record PipelineTopology(
    string Name, string Model, long Epoch, string State, string? Reason, double LoadProgress, IReadOnlyList<StageTopology> Stages);

internal sealed record StageTopology(int Stage, string? Silo, string Device, int Pid, LayerRange Layers, string State, long MappedBytes, long KvBytes);

/// <summary>Layers [<paramref name="First"/>, <paramref name="End"/>).</summary>
internal sealed record LayerRange(int First, int End)
{
    /// <summary>For people, who count the last one in.</summary>
    public override string ToString() => End - First == 1
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}–{End - 1}");
}
