using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Orleans;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>A grain whose methods return streams.</summary>
public interface IStreamGrain : IGrainWithStringKey
{
    IAsyncEnumerable<int> CountToAsync(int last);

    /// <summary>Yields 1, 2, … and waits at the gate of the key before each but the first, until nobody wants more.</summary>
    IAsyncEnumerable<Order> WatchAsync(CancellationToken cancellation = default);

    /// <summary>Waits at the gate, then yields 1.</summary>
    [ResponseTimeout("00:00:00.300")]
    IAsyncEnumerable<int> WaitThenCountAsync(string gate);

    /// <summary>Yields 1 and 2, then fails.</summary>
    IAsyncEnumerable<int> FailAfterTwoAsync();

    Task<int> CountCallsAsync();

    Task EndAsync();
}

public sealed class StreamGrain : Grain, IStreamGrain
{
    /// <summary>How streams ended, by key of the grain.</summary>
    public static readonly ConcurrentDictionary<string, string> Ends = new();

    private int _calls;

    public async IAsyncEnumerable<int> CountToAsync(int last)
    {
        _calls++;
        for (var i = 1; i <= last; i++)
        {
            if (i % 50 == 0)
                await Task.Yield();
            yield return i;
        }
    }

    public async IAsyncEnumerable<Order> WatchAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var key = this.GetPrimaryKeyString();
        _calls++;
        try
        {
            for (var i = 1; ; i++)
            {
                if (i > 1)
                    await Gate.Of($"{key}/{i}").PassAsync(cancellation);
                yield return new Order { Lines = { $"{i}" } };
            }
        }
        finally
        {
            Ends[key] = cancellation.IsCancellationRequested ? "cancelled" : "not cancelled";
        }
    }

    public async IAsyncEnumerable<int> WaitThenCountAsync(string gate)
    {
        await Gate.Of(gate).PassAsync();
        yield return 1;
    }

    public async IAsyncEnumerable<int> FailAfterTwoAsync()
    {
        yield return 1;
        await Task.Yield();
        yield return 2;
        throw new OrderRefusedException("no third", code: 3);
    }

    public Task<int> CountCallsAsync() => Task.FromResult(_calls);

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
