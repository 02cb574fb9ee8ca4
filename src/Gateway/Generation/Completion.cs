using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Generation;

/// <summary>
/// One completion from admission to its end: its lease, its place at a head, and a bounded number of new beginnings as long as nothing
/// of it has been handed over. Disposing it cancels what is not finished and gives the lease back, once. One user at a time.
/// </summary>
internal sealed class Completion(
    CompletionOrder order, IAdmission admission, HeadClient heads, GatewayOptions options, DataPlaneOptions bounds) : IAsyncDisposable
{
    private GenerationLease? _lease;
    private HeadRequest? _request;
    private int _attempts;
    private bool _hasBegun;
    private GenerationFinish? _failure;

    public CompletionOrder Order { get; } = order;

    /// <summary>Asks for admission and sends the order to the head.</summary>
    /// <exception cref="ApiException">The cluster refuses.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        while (!await TryStartAsync(cancellation))
            await EndAttemptAsync();
    }

    /// <summary>Waits for more; the part with a finish is the last.</summary>
    /// <exception cref="ApiException">The completion failed.</exception>
    public async ValueTask<CompletionPart> ReadAsync(CancellationToken cancellation)
    {
        while (_failure is null)
        {
            var part = await _request!.ReadAsync(cancellation);
            _failure = part.Finish is { } finish && CompletionErrors.IsFailure(finish) ? finish : null;
            if (_failure is null || (_hasBegun && part.Text.Length > 0))
            {
                // What came before a failure is handed over first.
                _hasBegun = true;
                return part with { Finish = _failure is null ? part.Finish : null };
            }

            if (_hasBegun || !CompletionErrors.MayRetry(_failure) || _attempts >= options.AdmissionAttempts)
                break;
            _failure = null;
            await EndAttemptAsync();
            await StartAsync(cancellation);
        }

        throw new ApiException(CompletionErrors.Of(_failure!, Order, options.RetryAfterMilliseconds));
    }

    public async ValueTask DisposeAsync() => await EndAttemptAsync();

    /// <returns>False when the head is gone and there is another attempt to make.</returns>
    private async Task<bool> TryStartAsync(CancellationToken cancellation)
    {
        _attempts++;
        var decision = await admission.AdmitAsync(new(Order.Model, Order.PromptBytes, Order.Request.MaximumTokens ?? 0));
        _lease = decision.Lease ?? throw new ApiException(CompletionErrors.Of(decision.Refusal!, Order.Model));
        cancellation.ThrowIfCancellationRequested();
        try
        {
            _request = await heads.StartAsync(
                new(_lease.HeadEndpoint, _lease.Pipeline, _lease.Epoch),
                    Order.Request with { PrefillChunkRows = _lease.PrefillChunkRows }, cancellation);
            return true;
        }
        catch (HeadUnavailableException) when (_attempts < options.AdmissionAttempts)
        {
            return false;
        }
        catch (HeadUnavailableException exception)
        {
            throw new ApiException(ApiError.Unavailable("model_not_ready", exception.Message, options.RetryAfterMilliseconds));
        }
        catch (ArgumentException exception)
        {
            // Within the gateway's bounds, but not within the protocol's.
            throw new ApiException(ApiError.InvalidRequest(Order.FieldBeyond(bounds), "invalid_value", exception.Message));
        }
    }

    private async Task EndAttemptAsync()
    {
        var (request, lease) = (_request, _lease);
        (_request, _lease) = (null, null);
        if (request is not null)
            await request.DisposeAsync();
        if (lease is not null)
            await admission.ReleaseAsync(lease.Id);
    }
}
