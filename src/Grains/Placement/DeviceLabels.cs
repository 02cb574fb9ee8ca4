using System.Globalization;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Grains.Placement;

/// <summary>
/// The silo metadata labels by which placement knows devices. A silo that offers a device carries all of them
/// (<see cref="From"/>, given to UseSiloMetadata); a gateway's silo carries none and never gets a shard.
/// </summary>
public static class DeviceLabels
{
    /// <summary>The device's name; its presence is what makes a silo offer a device.</summary>
    public const string Name = "device.name";

    /// <summary>Device class, such as gpu-cloud, jetson, pi-hat.</summary>
    public const string Class = "device.class";

    /// <summary>Where the device stands.</summary>
    public const string Zone = "device.zone";

    /// <summary>Bytes that slices and KV may take.</summary>
    public const string Memory = "device.memory";

    /// <summary>Memory bandwidth in GB/s.</summary>
    public const string Bandwidth = "device.bandwidth";

    /// <summary>What computes beside the processor, such as cuda or vulkan; or <see cref="NoAccelerator"/>.</summary>
    public const string Accelerator = "device.accelerator";

    /// <summary>The processor computes.</summary>
    public const string NoAccelerator = "none";

    /// <summary>The labels of a silo that offers this device.</summary>
    public static IReadOnlyDictionary<string, string> From(DeviceProfile profile) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Name] = profile.Name,
        [Class] = profile.Class,
        [Zone] = profile.Zone,
        [Memory] = profile.MemoryBytes.ToString(CultureInfo.InvariantCulture),
        [Bandwidth] = profile.BandwidthGigabytesPerSecond.ToString("R", CultureInfo.InvariantCulture),
        [Accelerator] = profile.Accelerator,
    };
}
