using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>
/// A planning task as integers that the searches share: devices in name order, prefix sums of bytes and of picoseconds, hops. A stage
/// [first, end) on a device holds its layers with their KV, the embeddings too if it is the first, and the head if it is the last.
/// Embeddings count fully although they are mapped and mostly not resident: a plan must hold in the worst case.
/// </summary>
internal sealed class PlanTables
{
    internal const long PicosecondsPerTick = 100_000;

    /// <summary>
    /// Of what its bytes would take as part of a layer, the head takes 0.7 for one row, a good half for batches of them, and next to nothing
    /// for a prompt, only the last of whose rows passes it (TinyLlama, Q4_0 with a Q6_K head, on a CPU). This lies between the last two.
    /// </summary>
    private const double HeadShare = 0.3;

    // Unreachable; half of the range, so that sums of it with real times do not overflow.
    internal const long Never = long.MaxValue / 2;

    private const long PicosecondsPerSecond = 1_000_000_000_000;
    private const double BytesPerGigabyte = 1e9;

    private readonly long[] _bytesBefore;
    private readonly long[][] _timeBefore;
    private readonly long[] _headTime;
    private readonly long[][] _hops;

    public PlanTables(PlanningTask task, ImmutableArray<PlanningDevice> devices)
    {
        Task = task;
        Devices = [.. devices.OrderBy(static device => device.Name, StringComparer.Ordinal)];
        LayerCount = task.Model.LayerCount;
        var kvBytesPerLayer = checked(task.CellCount * task.Model.KvBytesPerTokenPerLayer);
        _bytesBefore = PrefixSums(task.Model.LayerBytes, bytes => bytes + kvBytesPerLayer);
        _timeBefore = [.. Devices.Select(device => PrefixSums(task.Model.LayerBytes, bytes => ComputeTime(bytes, device)))];
        _headTime = [.. Devices.Select(device => ComputeTime(HeadShare * task.Model.HeadBytes, device))];
        _hops = [.. Devices.Select(from => Devices.Select(to => task.Links.HopPicoseconds(from.Zone, to.Zone)).ToArray())];
    }

    public PlanningTask Task { get; }

    public ImmutableArray<PlanningDevice> Devices { get; }

    public int LayerCount { get; }

    public long Bytes(int first, int end)
    {
        var bytes = _bytesBefore[end] - _bytesBefore[first];
        if (first == 0)
            bytes += Task.Model.EmbeddingBytes;
        return end == LayerCount ? bytes + Task.Model.HeadBytes : bytes;
    }

    public long Time(int device, int first, int end)
    {
        var time = _timeBefore[device][end] - _timeBefore[device][first];
        return end == LayerCount ? time + _headTime[device] : time;
    }

    /// <summary>Time of the layers before one; stages that end before the last layer take the difference of two of these.</summary>
    public long TimeBefore(int device, int layer) => _timeBefore[device][layer];

    public long Hop(int from, int to) => _hops[from][to];

    public bool Fits(int device, int first, int end, long stageLimit) =>
        Bytes(first, end) <= Devices[device].AvailableBytes && Time(device, first, end) <= stageLimit;

    /// <summary>
    /// The farthest end, short of the last layer's, that a stage from <paramref name="first"/> can have; <paramref name="first"/> if none.
    /// </summary>
    public int FarthestInnerEnd(int device, int first, long stageLimit)
    {
        var (low, high) = (first, LayerCount - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Fits(device, first, middle, stageLimit))
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    public PipelinePlan ToPlan(ReadOnlySpan<int> order, ReadOnlySpan<int> ends)
    {
        var stages = ImmutableArray.CreateBuilder<PlannedStage>(order.Length);
        var (first, latency, slowest) = (0, 0L, 0L);
        for (var stage = 0; stage < order.Length; first = ends[stage], stage++)
        {
            var time = Time(order[stage], first, ends[stage]);
            latency += time + RingHop(order, stage);
            slowest = Math.Max(slowest, time);
            stages.Add(new PlannedStage(Devices[order[stage]].Name, first, ends[stage], Bytes(first, ends[stage])));
        }
        return new PipelinePlan(stages.MoveToImmutable(), new PlanCost(order.Length, latency, slowest));
    }

    private long RingHop(ReadOnlySpan<int> order, int stage) =>
        order.Length == 1 ? 0 : Hop(order[stage], order[(stage + 1) % order.Length]);

    private static long[] PrefixSums(ImmutableArray<long> values, Func<long, long> map)
    {
        var sums = new long[values.Length + 1];
        for (var i = 0; i < values.Length; i++)
            sums[i + 1] = checked(sums[i] + map(values[i]));
        return sums;
    }

    private static long ComputeTime(double bytes, PlanningDevice device)
    {
        var bytesPerSecond = device.BandwidthGigabytesPerSecond * BytesPerGigabyte * device.CapacityFactor;
        // Capped, so that absurd profiles cannot overflow the sums: a layer that takes an hour is as bad as one that takes a year.
        return (long)Math.Min(Math.Round(bytes / bytesPerSecond * PicosecondsPerSecond), 3_600.0 * PicosecondsPerSecond);
    }
}
