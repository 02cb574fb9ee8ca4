using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansInference.ActorEngine.TestSilo;

/// <summary>A grain that tells in which process it lives.</summary>
public interface IProcessGrain : IGrainWithStringKey
{
    Task<int> GetProcessAsync();

    Task<Guid> GetActivationAsync();

    /// <summary>What other grain answers when this one calls it many times at once.</summary>
    Task<IReadOnlyList<Guid>> GetActivationsOfAsync(IProcessGrain other, int calls);

    /// <summary>Counts in a file.</summary>
    Task<int> IncrementAsync();

    /// <summary>Never returns by itself.</summary>
    [AlwaysInterleave]
    Task WaitAsync(CancellationToken cancellation = default);

    [AlwaysInterleave]
    Task<int> CountWaitingAsync();

    /// <summary>Counts for as long as somebody wants more, and among the waiting as long.</summary>
    IAsyncEnumerable<int> CountAsync(CancellationToken cancellation = default);

    /// <summary>Has the grain go to a silo; its activation keeps its name.</summary>
    Task MoveAsync(SiloAddress silo);

    Task<byte[]> EchoAsync(byte[] value);

    Task FailAsync(string message);

    /// <summary>Calls another grain, with so many calls under way at any time; returns the seconds that each took.</summary>
    Task<double[]> MeasureAsync(IProcessGrain other, int calls, int atOnce);
}

[GenerateSerializer]
public sealed class ProcessCount
{
    [Id(0)]
    public int Value { get; set; }
}

[GenerateSerializer]
public sealed class ProcessGrainException(string message, int processId) : Exception(message)
{
    [Id(0)]
    public int ProcessId { get; } = processId;
}

public sealed class ProcessGrain([PersistentState("count", "files")] IPersistentState<ProcessCount> count)
    : Grain, IProcessGrain, IGrainMigrationParticipant
{
    private Guid _activation = Guid.NewGuid();
    private int _waiting;

    public Task<int> GetProcessAsync() => Task.FromResult(Environment.ProcessId);

    public Task<Guid> GetActivationAsync() => Task.FromResult(_activation);

    public async Task<IReadOnlyList<Guid>> GetActivationsOfAsync(IProcessGrain other, int calls)
    {
        ArgumentNullException.ThrowIfNull(other);
        return await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => other.GetActivationAsync()));
    }

    public async Task<int> IncrementAsync()
    {
        count.State.Value++;
        await count.WriteStateAsync();
        return count.State.Value;
    }

    public async Task WaitAsync(CancellationToken cancellation = default)
    {
        _waiting++;
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        finally
        {
            _waiting--;
        }
    }

    public async IAsyncEnumerable<int> CountAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        _waiting++;
        try
        {
            for (var i = 1; !cancellation.IsCancellationRequested; i++)
            {
                yield return i;
                await Task.Yield();
            }
        }
        finally
        {
            _waiting--;
        }
    }

    public Task MoveAsync(SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(dehydrationContext);
        dehydrationContext.TryAddValue("activation", _activation);
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(rehydrationContext);
        if (rehydrationContext.TryGetValue("activation", out Guid activation))
            _activation = activation;
    }

    public Task<int> CountWaitingAsync() => Task.FromResult(_waiting);

    public Task<byte[]> EchoAsync(byte[] value) => Task.FromResult(value);

    public Task FailAsync(string message) => throw new ProcessGrainException(message, Environment.ProcessId);

    public async Task<double[]> MeasureAsync(IProcessGrain other, int calls, int atOnce)
    {
        ArgumentNullException.ThrowIfNull(other);
        var seconds = new double[calls];
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => CallOneAfterAnotherAsync()));
        return seconds;

        async Task CallOneAfterAnotherAsync()
        {
            while (next < calls)
            {
                var call = next++;
                var start = TimeProvider.System.GetTimestamp();
                await other.GetProcessAsync();
                seconds[call] = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            }
        }
    }
}
