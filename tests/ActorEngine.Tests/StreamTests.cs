using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class StreamTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    private IStreamGrain Grain => fixture.Client.GetGrain<IStreamGrain>(_key);

    [Mirrors("An IAsyncEnumerable result brings every element, in order.")]
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Stream_WhenEnumerated_HasEveryElementInOrder(int count)
    {
        var elements = new List<int>();
        await foreach (var element in Grain.CountToAsync(count))
            elements.Add(element);
        elements.ShouldBe(Enumerable.Range(1, count));
    }

    [Mirrors("The grain's method is called when its IAsyncEnumerable is enumerated, and once for each enumeration.")]
    [Fact]
    public async Task Stream_WhenNotEnumerated_IsNotCalled()
    {
        var stream = Grain.CountToAsync(3);
        (await Grain.CountCallsAsync()).ShouldBe(0);
        for (var i = 1; i <= 2; i++)
        {
            await foreach (var _ in stream)
            {
            }
            (await Grain.CountCallsAsync()).ShouldBe(i);
        }
    }

    [Mirrors("Leaving the loop early disposes the enumerator in the grain: its finally blocks run.")]
    [Fact]
    public async Task Stream_WhenTheCallerBreaksEarly_EndsInTheGrain()
    {
        await foreach (var element in Grain.WatchAsync())
        {
            element.Lines.ShouldBe(["1"]);
            break;
        }
        await TestTime.UntilAsync(() => StreamGrain.Ends.ContainsKey(_key), "the end of the stream");
    }

    [Mirrors("A stream that waits for its next element keeps no other call from the grain.")]
    [Fact]
    public async Task Stream_WhenItWaits_LeavesTheGrainToOthers()
    {
        await using var elements = Grain.WatchAsync().GetAsyncEnumerator();
        (await elements.MoveNextAsync()).ShouldBeTrue();
        var next = elements.MoveNextAsync();
        await Gate.Of($"{_key}/2").Reached;
        (await Grain.CountCallsAsync()).ShouldBe(1);
        Gate.Of($"{_key}/2").Open();
        (await next).ShouldBeTrue();
        elements.Current.Lines.ShouldBe(["2"]);
    }

    [Mirrors("[ResponseTimeout] is for calls; the steps of an IAsyncEnumerable have the silo's own limit, and last as long as they must.")]
    [Fact]
    public async Task Stream_WhenAnElementTakesLongerThanTheResponseTimeout_BringsIt()
    {
        await using var elements = Grain.WaitThenCountAsync(_key).GetAsyncEnumerator();
        var next = elements.MoveNextAsync();
        await Gate.Of(_key).Reached;
        var slow = fixture.Client.GetGrain<ITurnGrain>(_key);
        await Should.ThrowAsync<TimeoutException>(() => slow.WaitBrieflyAsync($"{_key}/never"));
        Gate.Of(_key).Open();
        (await next).ShouldBeTrue();
        elements.Current.ShouldBe(1);
    }

    [Mirrors("The token of WithCancellation reaches the [EnumeratorCancellation] parameter of the grain's method.")]
    [Fact]
    public async Task Stream_WhenItsTokenIsCancelled_IsCancelledInTheGrain()
    {
        using var cancellation = new CancellationTokenSource();
        await using var elements = Grain.WatchAsync().GetAsyncEnumerator(cancellation.Token);
        (await elements.MoveNextAsync()).ShouldBeTrue();
        var next = elements.MoveNextAsync().AsTask();
        await Gate.Of($"{_key}/2").Reached;
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => next);
        await TestTime.UntilAsync(() => StreamGrain.Ends.ContainsKey(_key), "the end of the stream");
        StreamGrain.Ends[_key].ShouldBe("cancelled");
    }

    [Mirrors("An exception of the grain's iterator reaches the caller with its type, after the elements before it.")]
    [Fact]
    public async Task Stream_WhenItFails_BringsWhatCameBeforeThenTheException()
    {
        var elements = new List<int>();
        var exception = await Should.ThrowAsync<OrderRefusedException>(async () =>
        {
            await foreach (var element in Grain.FailAfterTwoAsync())
                elements.Add(element);
        });
        exception.Code.ShouldBe(3);
        elements.ShouldBe([1, 2]);
    }

    [Mirrors("A stream does not outlive its activation: the next step throws EnumerationAbortedException.")]
    [Fact]
    public async Task Stream_WhenItsGrainIsDeactivated_IsAborted()
    {
        await using var elements = Grain.WatchAsync().GetAsyncEnumerator();
        (await elements.MoveNextAsync()).ShouldBeTrue();
        await Grain.EndAsync();
        Gate.Of($"{_key}/2").Open();
        await TestTime.UntilAsync(async () => await Grain.CountCallsAsync() == 0, "the next activation");
        await Should.ThrowAsync<EnumerationAbortedException>(async () =>
        {
            while (await elements.MoveNextAsync())
                Gate.Of($"{_key}/{int.Parse(elements.Current.Lines[0], null) + 1}").Open();
        });
    }
}
