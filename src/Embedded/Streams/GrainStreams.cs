using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace OrleansInference.Embedded.Streams;

/// <summary>
/// The streams that callers enumerate at one activation. Where no element is there, a step waits for half the time that its caller
/// waits, and says then that the stream goes on. A stream that nobody asks for twice that time is ended.
/// </summary>
internal sealed class GrainStreams(Activation activation) : IStreamExtension
{
    private readonly Dictionary<Guid, OpenStream> _streams = [];
    private readonly TimeSpan _responseTimeout = activation.Host.ResponseTimeout;

    public async Task<StreamStep> StepAsync(Guid stream, ulong method, object?[]? arguments, CancellationToken cancellation)
    {
        if (arguments is not null)
        {
            var unwanted = activation.RegisterTimer(
                _ => EndAsync(stream), new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
            _streams.Add(stream, new(activation.Host.Manifest.FindMethod(method), activation.GrainInstance!, arguments, unwanted));
        }
        if (!_streams.TryGetValue(stream, out var open))
            throw new EnumerationAbortedException(
                $"The enumeration was aborted: grain {activation.GrainId} was deactivated since it began, "
                + "or nobody asked for the next element for too long.");
        var isLast = true;
        try
        {
            open.Unwanted.Change(2 * _responseTimeout, Timeout.InfiniteTimeSpan);
            var step = await open.StepAsync(_responseTimeout / 2, activation.Host.Time, cancellation);
            isLast = step.IsLast;
            return step;
        }
        finally
        {
            if (isLast)
                await EndAsync(stream);
        }
    }

    public async Task EndAsync(Guid stream)
    {
        if (_streams.Remove(stream, out var open))
            await open.DisposeAsync();
    }

    public async Task EndAllAsync()
    {
        foreach (var stream in _streams.Keys.ToList())
            await EndAsync(stream);
    }
}
