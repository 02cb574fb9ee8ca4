using System.Collections.Concurrent;

namespace OrleansInference.ActorEngine.Tests;

/// <summary>Lets a test hold grains where it wants them: all silos of the test cluster live in this process.</summary>
public sealed class Gate
{
    private static readonly ConcurrentDictionary<string, Gate> Gates = new(StringComparer.Ordinal);

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a grain waits here.</summary>
    public Task Reached => _reached.Task.WaitAsync(TestTime.Limit);

    public static Gate Of(string name) => Gates.GetOrAdd(name, static _ => new Gate());

    public void Open() => _opened.TrySetResult();

    public Task PassAsync(CancellationToken cancellation = default)
    {
        _reached.TrySetResult();
        return _opened.Task.WaitAsync(TestTime.Limit, cancellation);
    }
}

public static class TestTime
{
    /// <summary>What does not happen by then does not happen.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for something to become true.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse($"{what} did not come about within {Limit}");
            await Task.Delay(10);
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);
}
