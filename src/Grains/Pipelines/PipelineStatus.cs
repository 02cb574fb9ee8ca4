using System.Collections.Immutable;
using Orleans;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

/// <summary>What a pipeline is to serve.</summary>
/// <param name="SlotCount">Sequences served at once.</param>
/// <param name="ContextLength">Positions that one sequence may take; 0 takes the model's own.</param>
/// <param name="MaximumBatchRows">Rows per batch, and so the largest prefill chunk.</param>
/// <param name="QueueLength">Completions that may wait for a slot, over all gateways.</param>
[GenerateSerializer, Immutable]
public sealed record PipelineSpecification(
    string Pipeline, string Model, int SlotCount, int ContextLength, int MaximumBatchRows, int QueueLength);

public enum PipelineState
{
    /// <summary>No plan fits the devices there are; <see cref="PipelineStatus.Reason"/> says what is missing.</summary>
    Waiting,
    Loading,
    Linking,
    Proving,
    Ready,
    Retired,
}

/// <param name="Epoch">Raised by every plan.</param>
/// <param name="HeadEndpoint">Data plane of stage 0's silo once ready.</param>
/// <param name="LoadProgress">0 to 1, over all stages by bytes.</param>
/// <param name="Reason">What the pipeline does or waits for while it is not ready, for people: "loads its layers". Null when ready.</param>
[GenerateSerializer, Immutable]
public sealed record PipelineStatus(
    PipelineSpecification Specification, long Epoch, PipelineState State, ImmutableArray<StageStatus> Stages, string? HeadEndpoint,
    int ContextLength, double LoadProgress, string? Reason)
{
    /// <summary>Equality that looks into the stages, which the record's own does not.</summary>
    internal bool IsSameAs(PipelineStatus other) => Stages.SequenceEqual(other.Stages) && this == other with { Stages = Stages };
}

[GenerateSerializer, Immutable]
public sealed record StageStatus(
    int Stage, int FirstLayer, int EndLayer, string Device, int ProcessId, ShardState State, double LoadProgress, long MappedBytes,
    long KvBytes);
