using System.Collections.Immutable;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

/// <summary>Looks at every order of every set of devices and every way to cut, by the definitions and nothing clever.</summary>
internal static class BruteForcePlanner
{
    public static PlanCost? BestCost(PlanningTask task)
    {
        PlanCost? best = null;
        foreach (var stages in Cut(task, [], firstLayer: 0))
        {
            var cost = CostOf(task, stages);
            if (best is null || cost.CompareTo(best.Value, task.Objective) < 0)
                best = cost;
        }
        return best;
    }

    public static long BytesOf(PlanningTask task, int first, int end)
    {
        var bytes = 0L;
        for (var layer = first; layer < end; layer++)
            bytes += task.Model.LayerBytes[layer] + task.CellCount * task.Model.KvBytesPerTokenPerLayer;
        if (first == 0)
            bytes += task.Model.EmbeddingBytes;
        return end == task.Model.LayerCount ? bytes + task.Model.HeadBytes : bytes;
    }

    public static PlanCost CostOf(PlanningTask task, IReadOnlyList<Stage> stages)
    {
        var times = stages.Select(stage => TimeOf(task, stage)).ToArray();
        var hops = stages.Count == 1 ? 0 : stages.Select((stage, index) => HopOf(task, stage, stages[(index + 1) % stages.Count])).Sum();
        return new PlanCost(stages.Count, times.Sum() + hops, times.Max());
    }

    private static IEnumerable<ImmutableList<Stage>> Cut(PlanningTask task, ImmutableList<Stage> stages, int firstLayer)
    {
        if (firstLayer == task.Model.LayerCount)
            yield return stages;
        foreach (var device in task.Devices.Where(device => stages.All(stage => stage.Device != device)))
            for (var end = firstLayer + 1; end <= task.Model.LayerCount; end++)
                if (BytesOf(task, firstLayer, end) <= device.AvailableBytes)
                    foreach (var whole in Cut(task, stages.Add(new Stage(device, firstLayer, end)), end))
                        yield return whole;
    }

    private static long TimeOf(PlanningTask task, Stage stage)
    {
        var picoseconds = 0L;
        for (var layer = stage.First; layer < stage.End; layer++)
            picoseconds += Picoseconds(task.Model.LayerBytes[layer], stage.Device);
        return stage.End == task.Model.LayerCount ? picoseconds + Picoseconds(0.3 * task.Model.HeadBytes, stage.Device) : picoseconds;
    }

    private static long Picoseconds(double bytes, PlanningDevice device) =>
        (long)Math.Round(bytes / (device.BandwidthGigabytesPerSecond * 1e9 * device.CapacityFactor) * 1e12);

    private static long HopOf(PlanningTask task, Stage from, Stage to) =>
        (from.Device.Zone == to.Device.Zone ? task.Links.SameZoneRoundTrip : task.Links.CrossZoneRoundTrip).Ticks * 100_000 / 2;

    internal sealed record Stage(PlanningDevice Device, int First, int End);
}
