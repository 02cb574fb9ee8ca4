using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>Bounds the generation requests that this gateway serves at once, and those that wait for it.</summary>
internal sealed class GenerationGate(IOptions<GatewayOptions> options) : IEndpointFilter, IAsyncDisposable
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
        var permit = await AcquireAsync(http.RequestAborted);
        // The answer is written after this filter has returned, so the permit lives as long as the request.
        http.Response.RegisterForDispose(permit);
        return permit.IsAcquired ? await next(context) : throw new ApiException(ApiError.QueueFull(
            $"The gateway is busy: it serves {options.Value.MaximumConcurrentRequests} requests at once, "
            + $"and {options.Value.MaximumWaitingRequests} may wait.",
            options.Value.RetryAfterMilliseconds));
    }

    public ValueTask DisposeAsync() => _limiter.DisposeAsync();

    private async Task<RateLimitLease> AcquireAsync(CancellationToken clientGone)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        patience.CancelAfter(TimeSpan.FromSeconds(options.Value.FirstTokenTimeoutSeconds));
        try
        {
            return await _limiter.AcquireAsync(1, patience.Token);
        }
        catch (OperationCanceledException) when (!clientGone.IsCancellationRequested)
        {
            throw new ApiException(ApiError.Unavailable("overloaded",
                $"The request waited longer than {options.Value.FirstTokenTimeoutSeconds} s for its turn.",
                options.Value.RetryAfterMilliseconds));
        }
    }
}
