using Microsoft.Extensions.Options;

namespace OrleansInference.Gateway.Hosting;

/// <summary>Gives requests a while to end when the gateway stops.</summary>
internal sealed class DrainTimeout : IDisposable
{
    private readonly CancellationTokenSource _drained;

    public DrainTimeout(IHostApplicationLifetime lifetime, IOptions<GatewayOptions> options, TimeProvider time)
    {
        _drained = new(Timeout.InfiniteTimeSpan, time);
        lifetime.ApplicationStopping.Register(() => _drained.CancelAfter(TimeSpan.FromMilliseconds(options.Value.DrainMilliseconds)));
    }

    /// <summary>Cancelled when the gateway stops and the requests have had their while.</summary>
    public CancellationToken Token => _drained.Token;

    public void Dispose() => _drained.Dispose();
}
