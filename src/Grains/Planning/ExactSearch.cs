using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>The best plan of a few candidates, exactly.</summary>
internal sealed class ExactSearch
{
    /// <summary>Beyond this the sets of devices are too many to look at all.</summary>
    public const int MaximumDevices = 12;

    private readonly PlanTables _tables;

    public ExactSearch(PlanningTask task, ImmutableArray<PlanningDevice> devices)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(devices.Length, MaximumDevices);
        _tables = new PlanTables(task, devices);
        (StageCount, ReachableLayers) = FewestStages.Find(_tables);
    }

    /// <summary>The fewest stages that hold the model; null when these devices cannot.</summary>
    public int? StageCount { get; }

    /// <summary>Layers that these devices can hold at most.</summary>
    public int ReachableLayers { get; }

    public PipelinePlan? FindPlan()
    {
        if (StageCount is not { } stageCount)
            return null;
        var stageLimit = _tables.Task.Objective == PlanningObjective.Throughput ? FindLeastStageLimit(stageCount) : PlanTables.Never;
        var order = new LatencySearch(_tables, stageCount, stageLimit).FindOrder();
        return order is null ? null : _tables.ToPlan(order, BoundarySearch.FindEnds(_tables, order, stageLimit));
    }

    private long FindLeastStageLimit(int stageCount)
    {
        var (low, high) = (0L, Enumerable.Range(0, _tables.Devices.Length).Max(device => _tables.Time(device, 0, _tables.LayerCount)));
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (FewestStages.Find(_tables, middle).StageCount <= stageCount)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
