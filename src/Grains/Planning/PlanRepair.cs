using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>
/// A plan as it is, with other devices in place of the lost ones: cheaper to carry out than a new plan, because every other stage
/// keeps its layers.
/// </summary>
public static class PlanRepair
{
    private const int MaximumLostStages = 2;
    private const int MaximumSpares = 64;

    /// <summary>
    /// The same stages at today's costs and sizes, lost devices replaced by the best unused ones; null when that does not fit.
    /// </summary>
    public static PipelinePlan? Repair(PlanningTask task, ImmutableArray<PlannedStage> current)
    {
        PipelinePlanner.Validate(task);
        var kept = current.Select(static stage => stage.Device).ToHashSet(StringComparer.Ordinal);
        var usable = task.Devices.Where(static device => device.IsUsable).ToArray();
        var spares = usable.Where(device => !kept.Contains(device.Name)).OrderByDescending(static device => device.AvailableBytes)
            .ThenBy(static device => device.Name, StringComparer.Ordinal).Take(MaximumSpares);
        var tables = new PlanTables(task, [.. usable.Where(device => kept.Contains(device.Name)), .. spares]);
        var indices = tables.Devices.Index().ToDictionary(static pair => pair.Item.Name, static pair => pair.Index, StringComparer.Ordinal);
        var order = current.Select(stage => indices.GetValueOrDefault(stage.Device, -1)).ToArray();
        int[] ends = [.. current.Select(static stage => stage.EndLayer)];
        if (order.Count(static device => device < 0) > MaximumLostStages || ends[^1] != tables.LayerCount)
            return null;
        return FillGaps(tables, order, ends, stage: 0);
    }

    private static PipelinePlan? FillGaps(PlanTables tables, int[] order, int[] ends, int stage)
    {
        if (stage == order.Length)
            return tables.ToPlan(order, ends);
        var first = stage == 0 ? 0 : ends[stage - 1];
        if (order[stage] >= 0)
            return Fits(order[stage]) ? FillGaps(tables, order, ends, stage + 1) : null;
        PipelinePlan? best = null;
        for (var device = 0; device < tables.Devices.Length; device++)
        {
            if (order.Contains(device) || !Fits(device))
                continue;
            order[stage] = device;
            var plan = FillGaps(tables, order, ends, stage + 1);
            order[stage] = -1;
            if (plan is not null && (best is null || plan.Cost.CompareTo(best.Cost, tables.Task.Objective) < 0))
                best = plan;
        }
        return best;

        bool Fits(int device) => tables.Fits(device, first, ends[stage], PlanTables.Never);
    }
}
