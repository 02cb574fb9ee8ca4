using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Admission;

/// <summary>Admission by this gateway's own gateway grain.</summary>
internal sealed partial class GrainAdmission(
    IGrainFactory grains, IOptions<GatewayOptions> options, ILogger<GrainAdmission> logger) : IAdmission
{
    private const int WorkerNumber = 0;
    private const int ReleaseAttempts = 3;

    private readonly IGatewayGrain _gateway = grains.GetGrain<IGatewayGrain>(WorkerNumber);

    public async Task<AdmissionDecision> AdmitAsync(AdmissionRequest request)
    {
        try
        {
            return await _gateway.AdmitAsync(request);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            OnNoAnswer(exception);
            return new(null, new(RefusalReason.NotReady, "The cluster does not answer.", options.Value.RetryAfterMilliseconds, 0));
        }
    }

    public async Task ReleaseAsync(Guid lease)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _gateway.ReleaseAsync(lease);
                return;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                if (attempt < ReleaseAttempts)
                    continue;
                OnNotReleased(exception, lease);
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The gateway grain does not answer")]
    private partial void OnNoAnswer(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} could not be given back")]
    private partial void OnNotReleased(Exception exception, Guid lease);
}
