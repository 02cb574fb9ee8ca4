using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Hosting;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>
/// Bounds the generation requests that this gateway serves at once, and those that wait for it. Every request gets its
/// <see cref="Deadline"/> here, so that waiting counts.
/// </summary>
internal sealed class GenerationGate(IOptions<GatewayOptions> options, DrainTimeout drain, TimeProvider time)
    : IEndpointFilter, IAsyncDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new()
    {
        PermitLimit = options.Value.MaximumConcurrentRequests,
        QueueLimit = options.Value.MaximumWaitingRequests,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public long InFlightCount => options.Value.MaximumConcurrentRequests - Statistics.CurrentAvailablePermits;

    public long WaitingCount => Statistics.CurrentQueuedCount;

    private RateLimiterStatistics Statistics => _limiter.GetStatistics()!;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var deadline = new Deadline(options.Value, time, drain.Token, http.RequestAborted);
        http.Response.RegisterForDispose(deadline);
        http.Features.Set(deadline);
        var permit = await AcquireAsync(deadline);
        // The answer is written after this filter has returned, so the permit lives as long as the request.
        http.Response.RegisterForDispose(permit);
        return permit.IsAcquired ? await next(context) : throw new ApiException(ApiError.QueueFull(
            $"The gateway is busy: it serves {options.Value.MaximumConcurrentRequests} requests at once, "
            + $"and {options.Value.MaximumWaitingRequests} may wait.",
            options.Value.RetryAfterMilliseconds));
    }

    public ValueTask DisposeAsync() => _limiter.DisposeAsync();

    private async Task<RateLimitLease> AcquireAsync(Deadline deadline)
    {
        try
        {
            return await _limiter.AcquireAsync(1, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.Error is { } error)
        {
            throw new ApiException(error);
        }
    }
}
