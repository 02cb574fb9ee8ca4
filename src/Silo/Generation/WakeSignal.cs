using System.Threading.Channels;

namespace OrleansInference.Silo.Generation;

/// <summary>Wakes one waiting loop. Signals given while it is busy count as one.</summary>
internal sealed class WakeSignal
{
    private readonly Channel<bool> _channel =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _channel.Reader.ReadAsync(cancellation);
}
