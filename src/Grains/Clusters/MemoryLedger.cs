namespace OrleansInference.Grains.Clusters;

/// <summary>Who has booked how much of which device. Pure over the reservations; never lets a device be booked beyond its memory.</summary>
internal static class MemoryLedger
{
    /// <summary>What pipelines other than this one have booked on a device.</summary>
    public static long CommittedBytes(
        IReadOnlyDictionary<string, MemoryReservation> reservations, string device, string pipeline) => reservations
        .Where(reservation => !string.Equals(reservation.Key, pipeline, StringComparison.Ordinal))
        .SelectMany(static reservation => reservation.Value.Commitments)
        .Where(commitment => string.Equals(commitment.Device, device, StringComparison.Ordinal))
        .Sum(static commitment => commitment.Bytes);

    /// <summary>Whether another pipeline of the same model has booked on a device.</summary>
    public static bool HoldsReplica(
        IReadOnlyDictionary<string, MemoryReservation> reservations, string device, string pipeline) => reservations.Values
        .Any(reservation => reservation.Pipeline != pipeline && ModelOf(reservation.Pipeline).SequenceEqual(ModelOf(pipeline))
            && reservation.Commitments.Any(commitment => commitment.Device == device));

    /// <param name="memoryBytes">Of the living devices.</param>
    /// <returns>Why the reservation cannot be granted, or null when it can.</returns>
    public static string? Examine(
        IReadOnlyDictionary<string, MemoryReservation> reservations, IReadOnlyDictionary<string, long> memoryBytes,
        MemoryReservation wanted)
    {
        if (!reservations.TryGetValue(wanted.Pipeline, out var present))
            return $"{wanted.Pipeline} is no pipeline of any deployment";
        if (wanted.Epoch < present.Epoch)
            return $"{wanted.Pipeline} has booked for epoch {present.Epoch} already, after epoch {wanted.Epoch}";
        foreach (var (device, bytes) in wanted.Commitments)
        {
            if (!memoryBytes.TryGetValue(device, out var memory))
            {
                // A device that is silent for a while may still hold what was booked on it.
                if (bytes <= present.Commitments.Where(held => held.Device == device).Sum(static held => held.Bytes))
                    continue;
                return $"device {device} is not there";
            }
            var free = memory - CommittedBytes(reservations, device, wanted.Pipeline);
            if (bytes > free)
                return $"device {device} has {free} bytes that others have not booked; {bytes} are wanted";
            // Pipelines plan at the same time, and each sees the device free of the other.
            if (!wanted.MayShare && present.Commitments.All(held => held.Device != device)
                && HoldsReplica(reservations, device, wanted.Pipeline))
                return $"device {device} has just been booked by another pipeline of the model";
        }
        return null;
    }

    private static ReadOnlySpan<char> ModelOf(string pipeline) => pipeline.AsSpan(0, pipeline.LastIndexOf('/'));
}
