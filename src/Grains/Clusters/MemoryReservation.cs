using System.Collections.Immutable;
using Orleans;

namespace OrleansInference.Grains.Clusters;

/// <summary>
/// All the memory that a pipeline books, for an epoch of it. A reservation of an older epoch than the booked one is refused.
/// </summary>
/// <param name="MayShare">Whether the plan takes into account that another pipeline of the model is on one of its devices.</param>
[GenerateSerializer, Immutable]
public sealed record MemoryReservation(
    string Pipeline, long Epoch, ImmutableArray<MemoryCommitment> Commitments, bool MayShare = true);

/// <param name="Bytes">Slice and KV cells on the device.</param>
[GenerateSerializer, Immutable]
public readonly record struct MemoryCommitment(string Device, long Bytes);

/// <param name="Refusal">Why nothing was booked, for people; null when granted.</param>
[GenerateSerializer, Immutable]
public sealed record ReservationOutcome(bool Granted, string? Refusal);
