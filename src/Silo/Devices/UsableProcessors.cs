using System.Globalization;

namespace OrleansInference.Silo.Devices;

/// <summary>How many processors this process may keep busy at a time.</summary>
internal static class UsableProcessors
{
    /// <summary>At least 1; what affinity, cpuset and quota allow.</summary>
    public static int Count { get; } = Read("/", Environment.ProcessorCount);

    /// <summary>
    /// The runtime's count knows affinity and cpuset, but rounds a quota of 1.5 processors up to 2. Two threads that wait for each other
    /// at every tensor would then be stopped for a quarter of the time, so a quota counts by its whole processors here.
    /// </summary>
    /// <param name="root">Folder below which /proc and /sys are read.</param>
    /// <param name="processorCount">The runtime's own count.</param>
    internal static int Read(string root, int processorCount)
    {
        var least = ControlGroups.Around(root, "cpu").Select(WholeProcessors).Min() ?? processorCount;
        return Math.Clamp(least, 1, processorCount);
    }

    /// <summary>Of "QUOTA PERIOD" in microseconds; null for "max PERIOD", or -1 in v1, which is no limit.</summary>
    private static int? WholeProcessors(ControlGroup group)
    {
        var limit = group.IsVersion1 ? $"{group.Read("cpu.cfs_quota_us")} {group.Read("cpu.cfs_period_us")}" : group.Read("cpu.max");
        return limit?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var quota, var period]
            && long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var allowed)
            && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length > 0
                ? (int)Math.Min(int.MaxValue, allowed / length)
                : null;
    }
}
