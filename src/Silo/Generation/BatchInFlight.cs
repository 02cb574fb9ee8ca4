namespace OrleansInference.Silo.Generation;

/// <summary>A batch on its way round the ring.</summary>
/// <param name="SentAt">Time stamp of when it left.</param>
internal sealed record BatchInFlight(long BatchId, SequencePart[] Parts, long SentAt);
