using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Admission;

/// <summary>Asks the cluster where a completion may run.</summary>
internal interface IAdmission
{
    /// <summary>Never cancelled, so that no lease is granted that nobody knows of. A cluster that does not answer is a refusal.</summary>
    Task<AdmissionDecision> AdmitAsync(AdmissionRequest request);

    /// <summary>Gives a lease back. Never throws.</summary>
    Task ReleaseAsync(Guid lease);
}
