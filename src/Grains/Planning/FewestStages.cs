using System.Numerics;

namespace OrleansInference.Grains.Planning;

/// <summary>How few devices can hold a model. The farther a set of devices reaches, the better, so one number per set is enough.</summary>
internal static class FewestStages
{
    /// <returns>The smallest number of stages, or null; and how many layers can be held at most.</returns>
    public static (int? StageCount, int ReachableLayers) Find(PlanTables tables, long stageLimit = PlanTables.Never)
    {
        var deviceCount = tables.Devices.Length;
        var reach = new int[1 << deviceCount];
        int? fewest = null;
        var farthest = 0;
        for (var set = 1; set < reach.Length; set++)
        {
            var stages = BitOperations.PopCount((uint)set);
            if (stages > tables.LayerCount)
                continue;
            for (var device = 0; device < deviceCount; device++)
            {
                if ((set & (1 << device)) == 0)
                    continue;
                var before = reach[set & ~(1 << device)];
                if (before < stages - 1)
                    continue;
                if (tables.Fits(device, Math.Min(before, tables.LayerCount - 1), tables.LayerCount, stageLimit))
                    fewest = Math.Min(fewest ?? stages, stages);
                reach[set] = Math.Max(reach[set], tables.FarthestInnerEnd(device, before, stageLimit));
            }
            farthest = Math.Max(farthest, reach[set]);
        }
        return (fewest, fewest is null ? farthest : tables.LayerCount);
    }
}
