using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class TurnTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    private ITurnGrain Grain => fixture.Client.GetGrain<ITurnGrain>(_key);

    [Mirrors("Turns of one activation never run in parallel, and calls do not interleave.")]
    [Fact]
    public async Task Calls_WhenManyAtOnce_RunOneAfterAnother()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Grain.AddSlowlyAsync()));
        (await Grain.CountAsync()).ShouldBe(200);
    }

    [Mirrors("A grain is not reentrant: one call runs to its end before the next begins.")]
    [Fact]
    public async Task Call_WhenAnotherIsAtAnAwait_WaitsForIt()
    {
        var first = Grain.WaitAsync(_key);
        await Gate.Of(_key).Reached;
        var second = Grain.CountAsync();
        await Grain.PeekAsync();
        second.IsCompleted.ShouldBeFalse();
        Gate.Of(_key).Open();
        await first;
        (await second).ShouldBe(1);
    }

    [Mirrors("Calls that wait for an activation run first come, first served.")]
    [Fact]
    public async Task Calls_WhenTheyWait_RunInTheOrderTheyCame()
    {
        // From another silo calls may overtake each other on their way; from a grain on the same one they come in the order they are made.
        var near = fixture.Client.GetGrain<INearTurnGrain>(Guid.NewGuid().ToString());
        (await Grain.NoteInTurnAsync(near, count: 20)).ShouldBe(Enumerable.Range(0, 20));
    }

    [Mirrors("[AlwaysInterleave] methods run between the awaits of any other call.")]
    [Fact]
    public async Task AlwaysInterleave_WhenAnotherCallIsAtAnAwait_RunsAtOnce()
    {
        var first = Grain.WaitAsync(_key);
        await Gate.Of(_key).Reached;
        (await Grain.PeekAsync()).ShouldBe(1);
        Gate.Of(_key).Open();
        await first;
    }

    [Mirrors("Calls of a [Reentrant] class interleave at awaits.")]
    [Fact]
    public async Task Reentrant_WhenAnotherCallIsAtAnAwait_RunsAtOnce()
    {
        var grain = fixture.Client.GetGrain<IReentrantTurnGrain>(_key);
        var first = grain.WaitAsync(_key);
        await Gate.Of(_key).Reached;
        (await grain.CountAsync()).ShouldBe(1);
        Gate.Of(_key).Open();
        await first;
    }

    [Mirrors("There is no call-chain reentrancy by default: a cycle ends with the response timeout.")]
    [Fact]
    public async Task Calls_WhenInACircle_AreBrokenByTheTimeout()
    {
        var other = fixture.Client.GetGrain<ITurnGrain>($"{_key}/other");
        await Should.ThrowAsync<TimeoutException>(() => Grain.CallInCircleAsync(other));
    }

    [Mirrors("Everything after an await runs on the activation's own TaskScheduler.")]
    [Fact]
    public async Task Grain_WhenItAwaits_StaysOnItsScheduler() => (await Grain.StaysOnItsSchedulerAsync()).ShouldBeTrue();

    [Mirrors("[StatelessWorker(n)] grains have up to n activations on a silo.")]
    [Fact]
    public async Task StatelessWorker_WhenBusy_RunsUpToItsMaximumOnTheCallersSilo()
    {
        var grain = fixture.Client.GetGrain<IWorkerGrain>(Random.Shared.NextInt64());
        var calls = Enumerable.Range(0, 6).Select(_ => grain.WorkAsync(_key)).ToList();
        await Gate.Of(_key).Reached;
        Gate.Of(_key).Open();
        var workers = await Task.WhenAll(calls);
        foreach (var silo in workers.GroupBy(worker => worker.Silo))
            silo.Select(worker => worker.Worker).Distinct().Count().ShouldBeLessThanOrEqualTo(2);
    }
}
