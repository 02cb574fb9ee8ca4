namespace OrleansInference.Grains.Placement;

/// <summary>How well a device suits a shard that no plan has placed; larger is better: an accelerator, then speed, then room.</summary>
internal readonly record struct PlacementScore(bool IsAccelerated, double BandwidthGigabytesPerSecond, long MemoryBytes)
    : IComparable<PlacementScore>
{
    public static PlacementScore Of(SiloDevice device) =>
        new(device.IsAccelerated, device.BandwidthGigabytesPerSecond, device.MemoryBytes);

    public int CompareTo(PlacementScore other)
    {
        var accelerated = IsAccelerated.CompareTo(other.IsAccelerated);
        if (accelerated != 0)
            return accelerated;
        var bandwidth = BandwidthGigabytesPerSecond.CompareTo(other.BandwidthGigabytesPerSecond);
        return bandwidth != 0 ? bandwidth : MemoryBytes.CompareTo(other.MemoryBytes);
    }

    /// <summary>The best device with room; of equals the first by name. Null when none has room.</summary>
    public static SiloDevice? Choose(IEnumerable<SiloDevice> devices, long requiredBytes) => devices
        .Where(device => device.MemoryBytes >= requiredBytes)
        .OrderByDescending(Of)
        .ThenBy(static device => device.Name, StringComparer.Ordinal)
        .ThenBy(static device => device.Silo)
        .FirstOrDefault();
}
