namespace OrleansInference.Embedded.Streams;

/// <summary>One enumeration of what a grain's method returned.</summary>
internal sealed class OpenStream(IAsyncEnumerator<object?> elements, CancellationTokenSource cancelled)
{
    private Task<bool>? _moving;
    private bool _isEnded;

    /// <summary>Whether a step was asked for since this was last cleared.</summary>
    public bool IsWanted { get; set; } = true;

    /// <summary>Steps under way.</summary>
    public int Waiting { get; set; }

    public async Task<StreamStep> StepAsync(TimeSpan limit, int maximumElements, TimeProvider time, CancellationToken cancellation)
    {
        var taken = new List<object?>();
        while (taken.Count < maximumElements)
        {
            var moving = _moving ??= elements.MoveNextAsync().AsTask();
            if (!moving.IsCompleted)
            {
                if (taken.Count > 0)
                    break;
                try
                {
                    await moving.WaitAsync(limit, time, cancellation);
                }
                catch (TimeoutException) when (!moving.IsCompleted)
                {
                    break;
                }
            }
            else if (!moving.IsCompletedSuccessfully && taken.Count > 0)
            {
                // What went before is the caller's; the failure comes with the next step.
                break;
            }
            _moving = null;
            if (_isEnded)
                return new StreamStep(StreamState.Unknown, []);
            if (!await moving)
                return new StreamStep(StreamState.Completed, [.. taken]);
            taken.Add(elements.Current);
        }
        return new StreamStep(StreamState.Open, [.. taken]);
    }

    /// <summary>Has the method see its cancellation, and its finally blocks run.</summary>
    public async Task EndAsync()
    {
        _isEnded = true;
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
