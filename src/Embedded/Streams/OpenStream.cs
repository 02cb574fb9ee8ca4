using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Streams;

/// <summary>One enumeration of what a grain's method returns.</summary>
/// <param name="unwanted">Ends the stream when it fires.</param>
internal sealed class OpenStream(GrainMethod method, object grain, object?[] arguments, IGrainTimer unwanted) : IAsyncDisposable
{
    /// <summary>As in Orleans.</summary>
    private const int MaximumElementsPerStep = 100;

    private readonly CancellationTokenSource _cancelled = new();
    private IAsyncEnumerator<object?>? _elements;
    private Task<bool>? _moving;

    public IGrainTimer Unwanted => unwanted;

    /// <summary>Takes as many elements as are there at once, up to a bound, or waits for one.</summary>
    public async Task<StreamStep> StepAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _elements ??= method.Open(grain, arguments, _cancelled.Token).GetAsyncEnumerator(CancellationToken.None);
        var taken = new List<object?>();
        while (taken.Count < MaximumElementsPerStep)
        {
            var moving = _moving ??= _elements.MoveNextAsync().AsTask();

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
            if (_cancelled.IsCancellationRequested)
                throw new EnumerationAbortedException("The enumeration was aborted: it has ended in the grain.");
            if (!await moving)
                return new StreamStep(IsLast: true, [.. taken]);
            taken.Add(_elements.Current);
        }
        return new StreamStep(IsLast: false, [.. taken]);
    }

    /// <summary>Has the method see its cancellation, and its finally blocks run.</summary>
    public async ValueTask DisposeAsync()
    {
        unwanted.Dispose();
        _cancelled.Cancel();
        if (_moving is { } moving)
            await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (_elements is { } elements)
            await elements.DisposeAsync();
    }
}
