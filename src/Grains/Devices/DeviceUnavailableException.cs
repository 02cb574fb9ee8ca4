using Orleans;

namespace OrleansInference.Grains.Devices;

/// <summary>No living silo offers the device, or several do, or the device has not registered yet; the message names it.</summary>
[GenerateSerializer]
public sealed class DeviceUnavailableException(string message) : Exception(message);
