using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace OrleansInference.Embedded.Streams;

/// <summary>
/// The streams that callers enumerate at one activation. Steps take as many elements as are there at once, up to a bound; where
/// there are none, a step waits for half the time that its caller waits, and says then that the stream is still open.
/// </summary>
internal sealed class GrainStreams : IStreamExtension
{
    /// <summary>As in Orleans.</summary>
    private const int MaximumElementsPerStep = 100;

    private readonly Dictionary<Guid, OpenStream> _streams = [];
    private readonly Activation _activation;
    private readonly TimeSpan _responseTimeout;

    public GrainStreams(Activation activation)
    {
        _activation = activation;
        _responseTimeout = activation.Host.ResponseTimeout;
        activation.RegisterTimer(
            _ => EndUnwantedAsync(), new GrainTimerCreationOptions(_responseTimeout, _responseTimeout) { Interleave = true });
    }

    public Task<StreamStep> StartAsync(Guid stream, ulong method, object?[] arguments, CancellationToken cancellation)
    {
        var cancelled = new CancellationTokenSource();
        var elements = _activation.Host.Manifest.FindMethod(method).Open(_activation.GrainInstance!, arguments, cancelled.Token);
        _streams.Add(stream, new OpenStream(elements.GetAsyncEnumerator(CancellationToken.None), cancelled));
        return NextAsync(stream, cancellation);
    }

    public async Task<StreamStep> NextAsync(Guid stream, CancellationToken cancellation)
    {
        if (!_streams.TryGetValue(stream, out var open))
            return new StreamStep(StreamState.Unknown, []);
        open.IsWanted = true;
        open.Waiting++;
        try
        {
            var step = await open.StepAsync(_responseTimeout / 2, MaximumElementsPerStep, _activation.Host.Time, cancellation);
            if (step.State == StreamState.Completed)
                await EndAsync(stream);
            return step;
        }
        catch
        {
            await EndAsync(stream);
            throw;
        }
        finally
        {
            open.Waiting--;
        }
    }

    public async Task EndAsync(Guid stream)
    {
        if (_streams.Remove(stream, out var open))
            await open.EndAsync();
    }

    public async Task EndAllAsync()
    {
        foreach (var stream in _streams.Keys.ToList())
            await EndAsync(stream);
    }

    private async Task EndUnwantedAsync()
    {
        foreach (var (stream, open) in _streams.ToList())
        {
            if (open is { IsWanted: false, Waiting: 0 })
                await EndAsync(stream);
            open.IsWanted = false;
        }
    }
}
