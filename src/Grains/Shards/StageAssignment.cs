using Orleans;

namespace OrleansInference.Grains.Shards;

/// <summary>
/// What one shard is to load: layers [<paramref name="FirstLayer"/>, <paramref name="EndLayer"/>) of a model, for one pipeline and epoch.
/// </summary>
/// <param name="Pipeline">model/replica.</param>
/// <param name="Device">The device that the plan chose.</param>
/// <param name="SlotCount">Sequences held at once; the same on every stage.</param>
/// <param name="CellCount">KV cells (positions) of all slots together; the same on every stage.</param>
/// <param name="ContextLength">Positions that one sequence may take.</param>
/// <param name="MaximumBatchRows">Rows per batch; the same on every stage.</param>
/// <param name="QueueLength">Completions that may wait for a slot, over all gateways.</param>
[GenerateSerializer, Immutable]
public sealed record StageAssignment(
    string Pipeline, string Model, long Epoch, int Stage, int StageCount, int FirstLayer, int EndLayer, string Device,
    int SlotCount, int CellCount, int ContextLength, int MaximumBatchRows, int QueueLength);

/// <summary>
/// Where a loaded stage sends its rows, and where the last stage sends its tokens. host:port of data planes; null where there is none.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record StageLink(string Pipeline, long Epoch, int Stage, string? NextEndpoint, string HeadEndpoint);

public enum ShardState
{
    /// <summary>Holds nothing.</summary>
    Empty,
    Loading,
    Loaded,
    Linked,
    /// <summary>Loading, linking or computing failed, or a neighbour was lost; <see cref="ShardStatus.Fault"/> says how.</summary>
    Faulted,
}

/// <param name="LoadProgress">0 to 1.</param>
/// <param name="MappedBytes">Size of the slice file.</param>
[GenerateSerializer, Immutable]
public sealed record ShardStatus(
    ShardState State, long Epoch, string Device, int ProcessId, string DataPlaneEndpoint, double LoadProgress, long MappedBytes,
    long KvBytes, int BusySlots, int QueuedRequests, string? Fault);
