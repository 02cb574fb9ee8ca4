using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>
/// How long a request may take, from its arrival on: to its first token, altogether, and no longer than its client or the gateway stays.
/// </summary>
internal sealed class Deadline : IDisposable
{
    private readonly GatewayOptions _options;
    private readonly CancellationToken _drained;
    private readonly CancellationTokenSource _whole;
    private readonly CancellationTokenSource _firstToken;
    private readonly CancellationTokenSource _any;

    /// <param name="drained">Cancelled when the gateway stops and cannot wait any longer.</param>
    public Deadline(GatewayOptions options, TimeProvider time, CancellationToken drained, CancellationToken clientGone)
    {
        (_options, _drained) = (options, drained);
        _whole = new(TimeSpan.FromSeconds(options.RequestTimeoutSeconds), time);
        _firstToken = new(TimeSpan.FromSeconds(options.FirstTokenTimeoutSeconds), time);
        _any = CancellationTokenSource.CreateLinkedTokenSource(_whole.Token, _firstToken.Token, drained, clientGone);
    }

    /// <summary>Cancelled when the request has taken its time, or its client is gone.</summary>
    public CancellationToken Token => _any.Token;

    /// <summary>What to tell the client when its waiting was cut short; null when it is the client who left.</summary>
    public ApiError? Error
    {
        get
        {
            if (_whole.IsCancellationRequested)
                return ApiError.TimedOut($"The request took longer than {_options.RequestTimeoutSeconds} s.");
            if (_drained.IsCancellationRequested)
                return ApiError.Unavailable("stopping", "The gateway is stopping.", _options.RetryAfterMilliseconds);
            return _firstToken.IsCancellationRequested
                ? ApiError.Unavailable("overloaded",
                    $"No completion began within {_options.FirstTokenTimeoutSeconds} s.", _options.RetryAfterMilliseconds)
                : null;
        }
    }

    /// <summary>The first token has come; from now on only the whole request has a limit.</summary>
    public void OnFirstToken() => _firstToken.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _any.Dispose();
        _firstToken.Dispose();
        _whole.Dispose();
    }
}
