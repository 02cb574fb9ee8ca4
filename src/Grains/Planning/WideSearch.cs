using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>
/// Many candidates, bounded work: exact searches in small groups (the largest devices, the fastest with the largest, each big zone's
/// own), and for a model that no group holds, a chain of the largest devices, zone after zone.
/// </summary>
internal static class WideSearch
{
    private const int MaximumZones = 8;
    private const int MaximumChainLength = 64;

    public static (PipelinePlan? Plan, int ReachableLayers) FindPlan(PlanningTask task, ImmutableArray<PlanningDevice> devices)
    {
        var searches = Groups(devices).Select(group => new ExactSearch(task, group)).ToArray();
        var fewest = searches.Min(static search => search.StageCount);
        if (fewest is null)
            return FindChain(task, devices);
        PipelinePlan? best = null;
        foreach (var search in searches)
        {
            if (search.StageCount != fewest || search.FindPlan() is not { } plan)
                continue;
            if (best is null || plan.Cost.CompareTo(best.Cost, task.Objective) < 0)
                best = plan;
        }
        return (best, task.Model.LayerCount);
    }

    private static IEnumerable<ImmutableArray<PlanningDevice>> Groups(ImmutableArray<PlanningDevice> devices)
    {
        var zones = devices.GroupBy(static device => device.Zone, StringComparer.Ordinal)
            .OrderByDescending(static zone => zone.Sum(static device => (decimal)device.AvailableBytes))
            .ThenBy(static zone => zone.Key, StringComparer.Ordinal)
            .Take(MaximumZones)
            .Select(static zone => zone.ToImmutableArray());
        return zones.Prepend(devices).SelectMany(Pick);
    }

    private static IEnumerable<ImmutableArray<PlanningDevice>> Pick(ImmutableArray<PlanningDevice> pool)
    {
        var largest = Largest(pool);
        yield return [.. largest.Take(ExactSearch.MaximumDevices)];
        if (pool.Length <= ExactSearch.MaximumDevices)
            yield break;
        const int half = ExactSearch.MaximumDevices / 2;
        var fastest = largest.Skip(half)
            .OrderByDescending(static device => device.BandwidthGigabytesPerSecond * device.CapacityFactor)
            .ThenBy(static device => device.Name, StringComparer.Ordinal);
        yield return [.. largest.Take(half), .. fastest.Take(half)];
    }

    private static (PipelinePlan? Plan, int ReachableLayers) FindChain(PlanningTask task, ImmutableArray<PlanningDevice> devices)
    {
        var largest = Largest(devices).Take(MaximumChainLength).ToImmutableArray();
        var tables = new PlanTables(task, largest);
        var byZone = Enumerable.Range(0, largest.Length)
            .OrderBy(index => tables.Devices[index].Zone, StringComparer.Ordinal)
            .ThenByDescending(index => tables.Devices[index].AvailableBytes)
            .ThenBy(static index => index);
        var (order, ends, first) = (new List<int>(), new List<int>(), 0);
        foreach (var device in byZone)
        {
            var isLast = tables.Fits(device, first, tables.LayerCount, PlanTables.Never);
            var end = isLast ? tables.LayerCount : tables.FarthestInnerEnd(device, first, PlanTables.Never);
            if (end == first)
                continue;
            order.Add(device);
            ends.Add(end);
            if (isLast)
                return (tables.ToPlan([.. order], [.. ends]), tables.LayerCount);
            first = end;
        }
        return (null, first);
    }

    private static PlanningDevice[] Largest(ImmutableArray<PlanningDevice> pool) =>
        [.. pool.OrderByDescending(static device => device.AvailableBytes).ThenBy(static device => device.Name, StringComparer.Ordinal)];
}
