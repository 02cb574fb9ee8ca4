using Orleans;

namespace OrleansInference.Grains.Gateways;

/// <summary>
/// Admission: picks a pipeline and its head for a request, splits its prompt into prefill chunks, and hands out a lease or a refusal.
/// Key: worker number. Lives on the gateway that calls it.
/// </summary>
[Alias("oinf.gateway")]
public interface IGatewayGrain : IGrainWithIntegerKey
{
    [ResponseTimeout("00:00:02")]
    Task<AdmissionDecision> AdmitAsync(AdmissionRequest request);

    /// <summary>Gives a lease back. Leases that are never given back end with the gateway.</summary>
    [ResponseTimeout("00:00:02")]
    Task ReleaseAsync(Guid lease);
}

/// <param name="PromptBytes">UTF-8 length of the prompt, from which its tokens are estimated.</param>
/// <param name="MaximumTokens">Tokens wanted at most; 0 when the client set no limit.</param>
[GenerateSerializer, Immutable]
public sealed record AdmissionRequest(string Model, long PromptBytes, int MaximumTokens);

/// <summary>Exactly one of the two is set.</summary>
[GenerateSerializer, Immutable]
public sealed record AdmissionDecision(GenerationLease? Lease, AdmissionRefusal? Refusal);

/// <param name="HeadEndpoint">host:port of the head's data plane.</param>
/// <param name="PrefillChunkRows">The prompt plan: rows per prefill chunk.</param>
[GenerateSerializer, Immutable]
public sealed record GenerationLease(Guid Id, string Pipeline, long Epoch, string HeadEndpoint, int PrefillChunkRows);

public enum RefusalReason
{
    UnknownModel,
    QueueFull,
    NotReady,
}

/// <param name="LoadProgress">0 to 1 while the model loads.</param>
[GenerateSerializer, Immutable]
public sealed record AdmissionRefusal(RefusalReason Reason, string Message, int RetryAfterMilliseconds, double LoadProgress);
