using System.Collections.Immutable;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.Planning;

/// <summary>A question to the planner.</summary>
/// <param name="CellCount">KV cells (positions) that every stage holds for each of its layers.</param>
/// <param name="Devices">The candidates, in any order.</param>
public sealed record PlanningTask(
    ModelProfile Model, int CellCount, ImmutableArray<PlanningDevice> Devices, LinkCosts Links, PlanningObjective Objective)
{
    /// <summary>Everything that all stages together hold: layers, KV cells, embeddings and head.</summary>
    public long TotalBytes => Model.LayerBytes.Sum() + KvBytes + Model.EmbeddingBytes + Model.HeadBytes;

    public long KvBytes => checked(CellCount * Model.KvBytesPerTokenPerLayer * Model.LayerCount);
}
