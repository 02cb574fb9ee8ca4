using System.Globalization;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace OrleansInference.Grains.Placement;

/// <summary>A silo's device, as its labels tell.</summary>
internal sealed record SiloDevice(SiloAddress Silo, string Name, long MemoryBytes, double BandwidthGigabytesPerSecond, bool IsAccelerated)
{
    /// <returns>Null when the silo offers no device.</returns>
    public static SiloDevice? TryRead(SiloAddress silo, SiloMetadata metadata)
    {
        var labels = metadata.Metadata;
        if (!labels.TryGetValue(DeviceLabels.Name, out var name) || name.Length == 0)
            return null;
        var invariant = CultureInfo.InvariantCulture;
        _ = long.TryParse(labels.GetValueOrDefault(DeviceLabels.Memory), NumberStyles.None, invariant, out var memory);
        _ = double.TryParse(labels.GetValueOrDefault(DeviceLabels.Bandwidth), NumberStyles.Float, invariant, out var bandwidth);
        var accelerator = labels.GetValueOrDefault(DeviceLabels.Accelerator, DeviceLabels.NoAccelerator);
        var isAccelerated = !string.Equals(accelerator, DeviceLabels.NoAccelerator, StringComparison.OrdinalIgnoreCase);
        return new SiloDevice(silo, name, memory, bandwidth, isAccelerated);
    }

    public static IEnumerable<SiloDevice> ReadAll(IEnumerable<SiloAddress> silos, ISiloMetadataCache metadata) =>
        silos.Select(silo => TryRead(silo, metadata.GetSiloMetadata(silo))).OfType<SiloDevice>();
}
