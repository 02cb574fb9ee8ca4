using Orleans;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansInference.Grains.Placement;

/// <summary>On a silo that offers a device: the one that the caller's plan names, or else the best that fits.</summary>
[GenerateSerializer, Immutable]
public sealed class DevicePlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
public sealed class DevicePlacementAttribute() : PlacementAttribute(new DevicePlacement());
