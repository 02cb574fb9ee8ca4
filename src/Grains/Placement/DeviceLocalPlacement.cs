using Orleans;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansInference.Grains.Placement;

/// <summary>On the silo that offers the device that the grain's key names, and nowhere else.</summary>
[GenerateSerializer, Immutable]
public sealed class DeviceLocalPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
public sealed class DeviceLocalPlacementAttribute() : PlacementAttribute(new DeviceLocalPlacement());
