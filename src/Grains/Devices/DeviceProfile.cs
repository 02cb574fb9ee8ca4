using Orleans;

namespace OrleansInference.Grains.Devices;

/// <summary>What a device is, as configured or measured at its silo's start.</summary>
/// <param name="Name">Unique in the cluster; the key of its <see cref="IDeviceHealthGrain"/>.</param>
/// <param name="Class">Device class, such as gpu-cloud, jetson, pi-hat.</param>
/// <param name="Zone">Where it stands; hops inside a zone are cheap.</param>
/// <param name="MemoryBytes">What a silo may use for slices and KV: the accelerator's memory, if there is one.</param>
/// <param name="BandwidthGigabytesPerSecond">Memory bandwidth that decoding reaches.</param>
/// <param name="Threads">Compute threads of a stage.</param>
/// <param name="Accelerator">The backend of llama.cpp whose GPUs compute, such as cuda or vulkan; "none" for the processor.</param>
[GenerateSerializer, Immutable]
public sealed record DeviceProfile(
    string Name, string Class, string Zone, long MemoryBytes, double BandwidthGigabytesPerSecond, int Threads, string Accelerator);
