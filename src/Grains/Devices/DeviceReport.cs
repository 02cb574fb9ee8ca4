using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Grains.Devices;

/// <summary>A silo that offers a device.</summary>
/// <param name="DataPlaneEndpoint">host:port of its data plane.</param>
[GenerateSerializer, Immutable]
public sealed record DeviceRegistration(DeviceProfile Profile, SiloAddress Silo, string SiloName, int ProcessId, string DataPlaneEndpoint);

/// <summary>One reading of a device's sensors.</summary>
/// <param name="ResidentBytes">Memory of the silo's process that is resident.</param>
/// <param name="AvailableBytes">Memory that the machine (or its cgroup) still has.</param>
/// <param name="ProcessorLoad">Processor time over wall time, in cores.</param>
[GenerateSerializer, Immutable]
public readonly record struct DeviceReadings(DateTimeOffset At, long ResidentBytes, long AvailableBytes, double ProcessorLoad);

[GenerateSerializer, Immutable]
public sealed record DeviceReport(DeviceRegistration Registration, DeviceReadings Readings);
