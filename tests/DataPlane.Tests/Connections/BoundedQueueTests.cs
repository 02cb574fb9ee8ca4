using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class BoundedQueueTests
{
    private readonly BoundedQueue<Item> _queue = new(1_000);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enqueue_WhenFull_WaitsInLineForRoom()
    {
        Enqueue(1, 800).IsCompletedSuccessfully.ShouldBeTrue();
        var second = Enqueue(2, 800);
        var small = Enqueue(3, 1);
        second.IsCompleted.ShouldBeFalse();
        // It would fit, but may not overtake.
        small.IsCompleted.ShouldBeFalse();

        Take().ShouldBe(1);
        await Wait.For(second);
        await Wait.For(small);
        Take().ShouldBe(2);
        Take().ShouldBe(3);
    }

    [Fact]
    public void Enqueue_WhenLargerThanTheBound_IsLetInAlone()
    {
        Enqueue(1, 5_000).IsCompletedSuccessfully.ShouldBeTrue();
        Enqueue(2, 1).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Enqueue_WhenCancelledWhileItWaits_LeavesTheLine()
    {
        using var cancellation = new CancellationTokenSource();
        await Enqueue(1, 800);
        var cancelled = _queue.EnqueueAsync(new Item(2), 2_000, cancellation.Token).AsTask();
        var next = Enqueue(3, 10);
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cancelled);
        // Who stood in its way is gone.
        await Wait.For(next);
        Take().ShouldBe(1);
        Take().ShouldBe(3);
        _queue.TryDequeue(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Enqueue_WhenTinyItemsAreMany_IsBoundedInNumberToo()
    {
        var count = 0;
        while (Enqueue(count, 0).IsCompleted && count < 100)
            count++;
        count.ShouldBe(15);
        Take().ShouldBe(0);
        (await _queue.WaitAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Complete_WhenSomeWait_FailsThemAndLeavesTheRestToBeTaken()
    {
        await Enqueue(1, 900);
        var waiting = Enqueue(2, 900);
        _queue.Complete(() => new InvalidDataException("over"));
        await Should.ThrowAsync<InvalidDataException>(waiting);
        await Should.ThrowAsync<InvalidDataException>(Enqueue(3, 1));
        (await _queue.WaitAsync()).ShouldBeTrue();
        Take().ShouldBe(1);
        (await _queue.WaitAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Abort_WhenItemsAreLeft_DisposesThem()
    {
        var item = new Item(1);
        await _queue.EnqueueAsync(item, 1, Cancellation);
        _queue.Abort(() => new InvalidDataException("over"));
        item.IsDisposed.ShouldBeTrue();
        (await _queue.WaitAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Wait_WhenPulsed_ReturnsWithoutAnItem()
    {
        var waiting = _queue.WaitAsync().AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        _queue.Pulse();
        (await Wait.For(waiting)).ShouldBeTrue();
    }

    [Fact]
    public void StandIn_WhenTheReaderIsAtWork_IsRefused() => _queue.TryStandIn().ShouldBeFalse();

    [Fact]
    public async Task StandIn_WhenTheReaderWaits_KeepsItWaitingWhateverComes()
    {
        var waiting = _queue.WaitAsync().AsTask();
        _queue.TryStandIn().ShouldBeTrue();
        _queue.TryStandIn().ShouldBeFalse();
        await Enqueue(1, 10);
        _queue.Pulse();
        waiting.IsCompleted.ShouldBeFalse();

        _queue.StandDown(pulse: false);

        (await Wait.For(waiting)).ShouldBeTrue();
        _queue.TryStandIn().ShouldBeFalse();
        Take().ShouldBe(1);
    }

    [Fact]
    public async Task StandDown_WhenNothingCame_LeavesTheReaderWaitingUnlessItIsPulsed()
    {
        var waiting = _queue.WaitAsync().AsTask();
        _queue.TryStandIn().ShouldBeTrue();
        _queue.StandDown(pulse: false);
        waiting.IsCompleted.ShouldBeFalse();
        _queue.TryStandIn().ShouldBeTrue();
        _queue.StandDown(pulse: true);
        (await Wait.For(waiting)).ShouldBeTrue();
    }

    [Fact]
    public async Task StandIn_WhenTheQueueEnds_KeepsTheReaderUntilItIsOver()
    {
        var waiting = _queue.WaitAsync().AsTask();
        _queue.TryStandIn().ShouldBeTrue();
        _queue.Abort(() => new InvalidDataException("over"));
        waiting.IsCompleted.ShouldBeFalse();
        _queue.StandDown(pulse: false);
        (await Wait.For(waiting)).ShouldBeFalse();
        _queue.TryStandIn().ShouldBeFalse();
    }

    private Task Enqueue(int number, long bytes) => _queue.EnqueueAsync(new Item(number), bytes, Cancellation).AsTask();

    private int Take()
    {
        _queue.TryDequeue(out var item).ShouldBeTrue();
        return item!.Number;
    }

    private sealed class Item(int number) : IDisposable
    {
        public int Number => number;

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
