using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// What of a pipeline outlives its grain: above all the epoch, which never goes back, not even when the pipeline retires.
/// </summary>
[GenerateSerializer]
internal sealed class PipelineRecord
{
    [Id(0)]
    public long Epoch { get; set; }

    /// <summary>What the stages were planned for; null when the pipeline has none.</summary>
    [Id(1)]
    public PipelineSpecification? Specification { get; set; }

    /// <summary>Positions that one sequence may take, in the present plan.</summary>
    [Id(2)]
    public int ContextLength { get; set; }

    [Id(3)]
    public ImmutableArray<PlacedStage> Stages { get; set; } = [];
}

/// <summary>A stage of the present plan, and where it is.</summary>
/// <param name="Bytes">Slice and KV, as booked.</param>
[GenerateSerializer, Immutable]
internal sealed record PlacedStage(int Stage, int FirstLayer, int EndLayer, string Device, SiloAddress Silo, long Bytes);
