using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>Stages in ring order; together they hold every layer once.</summary>
public sealed record PipelinePlan(ImmutableArray<PlannedStage> Stages, PlanCost Cost);

/// <param name="Bytes">Slice and KV of the stage.</param>
public readonly record struct PlannedStage(string Device, int FirstLayer, int EndLayer, long Bytes);

/// <summary>What a plan costs. Times are whole picoseconds, so that equal plans compare equal.</summary>
/// <param name="LatencyPicoseconds">A token's way through all stages and hops, back to the head.</param>
/// <param name="SlowestStagePicoseconds">The stage that bounds throughput.</param>
public readonly record struct PlanCost(int StageCount, long LatencyPicoseconds, long SlowestStagePicoseconds)
{
    /// <summary>Fewer stages first, then the objective, then the other measure.</summary>
    public int CompareTo(PlanCost other, PlanningObjective objective)
    {
        var stages = StageCount.CompareTo(other.StageCount);
        if (stages != 0)
            return stages;
        var primary = Of(objective).CompareTo(other.Of(objective));
        return primary != 0 ? primary : Other(objective).CompareTo(other.Other(objective));
    }

    public long Of(PlanningObjective objective) =>
        objective == PlanningObjective.Latency ? LatencyPicoseconds : SlowestStagePicoseconds;

    private long Other(PlanningObjective objective) =>
        objective == PlanningObjective.Latency ? SlowestStagePicoseconds : LatencyPicoseconds;
}
