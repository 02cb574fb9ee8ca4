namespace OrleansInference.Tool.Devices;

/// <summary>
/// A kind of device that a silo can stand for. The figures are from the vendors' public data, but the Raspberry Pi's bandwidth, which is
/// as public benchmarks measured it, and what a Jetson and an old PC have left for a model, which are estimates.
/// </summary>
/// <param name="MemoryBytes">What the device has for slices and KV.</param>
/// <param name="BandwidthGigabytesPerSecond">Memory bandwidth.</param>
internal sealed record DeviceClass(string Name, string Description, long MemoryBytes, double BandwidthGigabytesPerSecond)
{
    private const long Gigabyte = 1_000_000_000;

    public static IReadOnlyList<DeviceClass> All { get; } =
    [
        new("gpu-cloud", "RTX 4090 in a data centre", 24 * Gigabyte, 1008),
        new("jetson", "Jetson Orin Nano Super 8 GB", 5_200_000_000, 102),
        new("pi-hat", "Raspberry Pi 5 with AI HAT+ 2", 8 * Gigabyte, 11.4),
        new("old-pc", "PC with two channels of DDR3-1600", 6 * Gigabyte, 25.6),
    ];

    public static DeviceClass? Find(string name) => All.FirstOrDefault(c => c.Name == name);
}
