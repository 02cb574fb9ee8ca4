namespace OrleansInference.Grains.Planning;

/// <summary>
/// Where to cut the layers for a given order of devices: least latency, and among those (equal devices leave many) the least slowest
/// stage, so that the load is even.
/// </summary>
internal static class BoundarySearch
{
    public static int[] FindEnds(PlanTables tables, int[] order, long stageLimit)
    {
        var layers = tables.LayerCount;
        var rests = new Rest[order.Length + 1][];
        rests[order.Length] = [.. Enumerable.Repeat(Rest.Impossible, layers), new Rest(0, 0, layers)];
        for (var stage = order.Length - 1; stage >= 0; stage--)
        {
            rests[stage] = new Rest[layers + 1];
            for (var first = 0; first <= layers; first++)
                rests[stage][first] = FindBest(tables, order[stage], first, rests[stage + 1], stageLimit);
        }
        var ends = new int[order.Length];
        for (var (stage, first) = (0, 0); stage < order.Length; first = ends[stage], stage++)
            ends[stage] = rests[stage][first].End;
        return ends;
    }

    private static Rest FindBest(PlanTables tables, int device, int first, Rest[] after, long stageLimit)
    {
        var best = Rest.Impossible;
        for (var end = first + 1; end < after.Length; end++)
        {
            if (after[end].Time >= PlanTables.Never || !tables.Fits(device, first, end, stageLimit))
                continue;
            var time = tables.Time(device, first, end);
            var candidate = new Rest(time + after[end].Time, Math.Max(time, after[end].Slowest), end);
            if (candidate.Time < best.Time || candidate.Time == best.Time && candidate.Slowest < best.Slowest)
                best = candidate;
        }
        return best;
    }

    private readonly record struct Rest(long Time, long Slowest, int End)
    {
        public static Rest Impossible { get; } = new(PlanTables.Never, PlanTables.Never, 0);
    }
}
