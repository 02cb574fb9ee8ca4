using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.ActorEngine.Tests.Grains;

public interface ICounterGrain : IGrainWithIntegerKey
{
    Task<int> IncrementAsync();

    Task<CounterState> GetAsync();

    Task ClearAsync();

    Task EndAsync();

    /// <summary>Has somebody else write the state behind the grain's back; returns what the grain's own write then says.</summary>
    Task<string> WriteAfterSomebodyElseAsync();
}

[GenerateSerializer]
public sealed class CounterState
{
    [Id(0)]
    public int Value { get; set; }

    [Id(1)]
    public ImmutableArray<string> History { get; set; } = [];

    [Id(2)]
    public SiloAddress? LastSilo { get; set; }
}

public sealed class CounterGrain(
    [PersistentState("counter", "memory")] IPersistentState<CounterState> counter,
    [PersistentState("copy", "memory")] IPersistentState<CounterState> copy,
    ILocalSiloDetails silo) : Grain, ICounterGrain
{
    public async Task<int> IncrementAsync()
    {
        counter.State.Value++;
        counter.State.History = counter.State.History.Add($"{counter.State.Value}");
        counter.State.LastSilo = silo.SiloAddress;
        await counter.WriteStateAsync();
        return counter.State.Value;
    }

    public Task<CounterState> GetAsync() => Task.FromResult(counter.State);

    public async Task ClearAsync()
    {
        await counter.ClearStateAsync();
        counter.RecordExists.ShouldBeFalse();
    }

    public Task EndAsync()
    {
        this.DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string> WriteAfterSomebodyElseAsync()
    {
        await copy.WriteStateAsync();
        var storage = ServiceProvider.GetRequiredKeyedService<IGrainStorage>("memory");
        var other = new GrainStateOfSomebodyElse { ETag = copy.Etag, RecordExists = true, State = new CounterState { Value = 99 } };
        await storage.WriteStateAsync("copy", this.GetGrainId(), other);
        try
        {
            await copy.WriteStateAsync();
            return "written";
        }
        catch (InconsistentStateException)
        {
            await copy.ReadStateAsync();
            return $"refused, then read {copy.State.Value}";
        }
    }

    private sealed class GrainStateOfSomebodyElse : IGrainState<CounterState>
    {
        public CounterState? State { get; set; }

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }
    }
}
