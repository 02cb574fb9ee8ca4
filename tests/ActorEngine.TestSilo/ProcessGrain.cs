using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

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

    Task<byte[]> EchoAsync(byte[] value);

    Task FailAsync(string message);

    /// <summary>Calls another grain one call after another; returns the seconds that each took.</summary>
    Task<double[]> MeasureAsync(IProcessGrain other, int calls);
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

public sealed class ProcessGrain([PersistentState("count", "files")] IPersistentState<ProcessCount> count) : Grain, IProcessGrain
{
    private readonly Guid _activation = Guid.NewGuid();
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

    public Task WaitAsync(CancellationToken cancellation = default)
    {
        _waiting++;
        return Task.Delay(Timeout.Infinite, cancellation);
    }

    public Task<int> CountWaitingAsync() => Task.FromResult(_waiting);

    public Task<byte[]> EchoAsync(byte[] value) => Task.FromResult(value);

    public Task FailAsync(string message) => throw new ProcessGrainException(message, Environment.ProcessId);

    public async Task<double[]> MeasureAsync(IProcessGrain other, int calls)
    {
        ArgumentNullException.ThrowIfNull(other);
        var seconds = new double[calls];
        for (var i = 0; i < calls; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            await other.GetProcessAsync();
            seconds[i] = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        }
        return seconds;
    }
}
