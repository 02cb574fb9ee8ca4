using Orleans.Runtime;

namespace OrleansInference.Embedded.Streams;

/// <summary>One enumeration of what a grain's method returned.</summary>
/// <param name="unwanted">Ends the stream when it fires.</param>
internal sealed class OpenStream(IAsyncEnumerator<object?> elements, CancellationTokenSource cancelled, IGrainTimer unwanted) : IAsyncDisposable
{
    /// <summary>As in Orleans.</summary>
    private const int MaximumElementsPerStep = 100;

    private Task<bool>? _moving;

    public IGrainTimer Unwanted => unwanted;

    /// <summary>Takes as many elements as are there at once, up to a bound, or waits for one.</summary>
    public async Task<StreamStep> StepAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        var taken = new List<object?>();
        while (taken.Count < MaximumElementsPerStep)
        {
            var moving = _moving ??= elements.MoveNextAsync().AsTask();

            // What went before is the caller's; a failure comes with the next step.
            if (taken.Count > 0 && !moving.IsCompletedSuccessfully)
                break;
            try
            {
                await moving.WaitAsync(limit, time, cancellation);
            }
            catch (TimeoutException) when (!moving.IsCompleted)
            {
                break;
            }
            _moving = null;
            if (cancelled.IsCancellationRequested)
                throw new EnumerationAbortedException("The enumeration was aborted: it has ended in the grain.");
            if (!await moving)
                return new StreamStep(IsLast: true, [.. taken]);
            taken.Add(elements.Current);
        }
        return new StreamStep(IsLast: false, [.. taken]);
    }

    /// <summary>Has the method see its cancellation, and its finally blocks run.</summary>
    public async ValueTask DisposeAsync()
    {
        unwanted.Dispose();
        cancelled.Cancel();
        try
        {
            if (_moving is { } moving)
                await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await elements.DisposeAsync();
        }
        finally
        {
            cancelled.Dispose();
        }
    }
}
