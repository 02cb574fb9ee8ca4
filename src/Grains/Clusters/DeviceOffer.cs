using System.Collections.Immutable;
using Orleans;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Grains.Clusters;

/// <summary>A living device as a pipeline may plan with it.</summary>
/// <param name="CommittedBytes">Memory of the device that other pipelines have booked.</param>
/// <param name="HoldsReplica">Whether one of those pipelines is of the same model.</param>
[GenerateSerializer, Immutable]
public sealed record DeviceOffer(DeviceRegistration Registration, long CommittedBytes, bool HoldsReplica = false);

/// <param name="Settled">
/// False while a new cluster grain has not heard of every living device: too early to say that something is missing.
/// </param>
[GenerateSerializer, Immutable]
public sealed record DeviceOffers(bool Settled, ImmutableArray<DeviceOffer> Devices);
