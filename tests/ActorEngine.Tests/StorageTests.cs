using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class StorageTests(ClusterFixture fixture)
{
    private readonly ICounterGrain _counter = fixture.Client.GetGrain<ICounterGrain>(Random.Shared.NextInt64());

    [Mirrors("IPersistentState without a record holds a new instance.")]
    [Fact]
    public async Task State_WhenNothingIsStored_IsNew() => (await _counter.GetAsync()).Value.ShouldBe(0);

    [Mirrors("WriteStateAsync stores the state, and the next activation has read it before OnActivateAsync.")]
    [Fact]
    public async Task State_WhenWritten_OutlivesTheActivation()
    {
        await _counter.IncrementAsync();
        await _counter.IncrementAsync();
        var before = await _counter.GetAsync();
        await _counter.EndAsync();
        var after = await _counter.GetAsync();
        after.Value.ShouldBe(2);
        after.History.ShouldBe(["1", "2"]);
        after.LastSilo.ShouldBe(before.LastSilo);
        (await _counter.IncrementAsync()).ShouldBe(3);
    }

    [Mirrors("ClearStateAsync removes the record and leaves a new state.")]
    [Fact]
    public async Task State_WhenCleared_IsNewAgain()
    {
        await _counter.IncrementAsync();
        await _counter.ClearAsync();
        (await _counter.GetAsync()).Value.ShouldBe(0);
        await _counter.EndAsync();
        (await _counter.IncrementAsync()).ShouldBe(1);
    }

    [Mirrors("A write with an old ETag throws InconsistentStateException.")]
    [Fact]
    public async Task State_WhenSomebodyElseWroteIt_IsNotOverwritten() =>
        (await _counter.WriteAfterSomebodyElseAsync()).ShouldBe("refused, then read 99");
}
