using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class ConnectionEndTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring);

    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connection_WhenTheHandlerThrows_ClosesWithThatReason()
    {
        var failure = new InvalidOperationException("no such slot");
        var handler = new RecordingHandler((_, _, _) => throw failure);
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(new ClearFrame(0, 0));
        (await Wait.For(handler.Closed)).ShouldBe(failure);
        var closed = await Should.ThrowAsync<DataPlaneClosedException>(Wait.For(peer.Connection.Completion));
        closed.InnerException.ShouldBe(failure);
        closed.Message.ShouldContain("raw peer is closed: no such slot");
        var sending = peer.Connection.SendAsync(new ClearFrame(0, 0), Cancellation).AsTask();
        var refused = await Should.ThrowAsync<DataPlaneClosedException>(sending);
        refused.InnerException.ShouldBe(failure);
    }

    [Fact]
    public async Task Connection_WhenAFrameIsMalformed_ClosesWithWhatWasWrongAndTellsTheHandlerOnce()
    {
        var handler = new RecordingHandler();
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(new ClearFrame(0, 0));
        await peer.SendAsync(9, 0, 0, 0, (byte)FrameType.Clear, 99, 0, 0, 0, 0, 0, 0, 0);
        var reason = (await Wait.For(handler.Closed)).ShouldBeOfType<DataPlaneProtocolException>();
        reason.Message.ShouldBe("Clear frame: slot is 99, not 0 to 23");
        (await peer.ReceiveAsync()).ShouldBeNull();
        await Wait.For(peer.Connection.DisposeAsync());
        handler.ClosedCalls.ShouldBe(1);
    }

    [Fact]
    public async Task Connection_WhenCutInTheMiddleOfAFrame_SaysSo()
    {
        var handler = new RecordingHandler();
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(9, 0, 0, 0, (byte)FrameType.Clear, 1);
        await peer.Output.CompleteAsync();
        var reason = (await Wait.For(handler.Closed)).ShouldBeOfType<DataPlaneClosedException>();
        reason.Message.ShouldContain("in the middle of a frame, 6 bytes into it");
        reason.IsOrderly.ShouldBeFalse();
    }

    [Fact]
    public async Task Connection_WhenTheRemoteEndsIt_StillHandlesWhatCameBefore()
    {
        var gate = new TaskCompletionSource();
        var handler = new RecordingHandler(async (_, _, cancellation) =>
        {
            await gate.Task;
            cancellation.ThrowIfCancellationRequested();
        });
        var peer = new RawPeer(Ring, handler, _time);
        for (var i = 0; i < 10; i++)
            await peer.SendAsync(new ClearFrame(0, i));
        await peer.Output.CompleteAsync();
        await Should.ThrowAsync<DataPlaneClosedException>(Wait.For(peer.Connection.Completion));
        handler.Closed.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        (await Wait.For(handler.Closed)).ShouldBeOfType<DataPlaneClosedException>().IsOrderly.ShouldBeTrue();
        handler.Frames.Count.ShouldBe(10);
    }

    [Fact]
    public async Task Dispose_WhenFramesAreQueued_SendsThemFirst()
    {
        var handler = new RecordingHandler();
        var peer = new RawPeer(Ring, handler, _time);
        for (var i = 0; i < 100; i++)
            await peer.Connection.SendAsync(new FaultFrame(i, new string('x', 4_000)), Cancellation);
        var disposing = peer.Connection.DisposeAsync();
        await Should.ThrowAsync<DataPlaneClosedException>(peer.Connection.SendAsync(new ClearFrame(0, 0), Cancellation).AsTask());
        for (var i = 0; i < 100; i++)
            (await peer.ReceiveAsync()).ShouldBeOfType<FaultFrame>().BatchId.ShouldBe(i);
        (await peer.ReceiveAsync()).ShouldBeNull();
        await Wait.For(disposing);
        await Wait.For(peer.Connection.Completion);
        (await Wait.For(handler.Closed)).ShouldBeNull();
    }

    [Fact]
    public async Task Dispose_WhenTheRemoteDoesNotRead_EndsAfterTheCloseTimeout()
    {
        var peer = new RawPeer(Ring, new RecordingHandler(), _time);
        var chunk = new byte[1 << 20];
        await Wait.For(peer.Connection.SendAsync(new StateFrame(0, 0, chunk.Length, chunk), Cancellation));
        var disposing = peer.Connection.DisposeAsync().AsTask();
        await Wait.Until(() => _time.TimerCount == 2, "the wait for the queue");
        disposing.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(new DataPlaneOptions().CloseTimeoutMilliseconds));
        await Wait.For(disposing);
        _time.TimerCount.ShouldBe(0);
    }

    [Fact]
    public async Task Dispose_WhenCalledByTheHandlerOrTwice_DoesNotHang()
    {
        var handler = new RecordingHandler((_, connection, _) => connection.DisposeAsync());
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(new ClearFrame(0, 0));
        (await Wait.For(handler.Closed)).ShouldBeNull();
        await Wait.For(peer.Connection.DisposeAsync());
        await Wait.For(peer.Connection.DisposeAsync());
        handler.ClosedCalls.ShouldBe(1);
    }

    [Fact]
    public async Task Dispose_WhenTheHandlerIsAtWork_CancelsItAndDoesNotWaitForIt()
    {
        var entered = new TaskCompletionSource();
        var handler = new RecordingHandler(async (_, _, cancellation) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        });
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(new ClearFrame(0, 0));
        await Wait.For(entered.Task);
        await Wait.For(peer.Connection.DisposeAsync());
        (await Wait.For(handler.Closed)).ShouldBeNull();
    }

    [Fact]
    public async Task Connection_WhenSeveralThingsGoWrong_KeepsTheFirstReason()
    {
        var handler = new RecordingHandler();
        var peer = new RawPeer(Ring, handler, _time);
        await peer.SendAsync(1, 0, 0, 0, 200);
        await Wait.For(handler.Closed);
        await peer.Output.CompleteAsync(new IOException("reset"));
        await Wait.For(peer.Connection.DisposeAsync());
        _time.Advance(TimeSpan.FromMinutes(1));
        var reason = await handler.Closed;
        var completion = await Should.ThrowAsync<DataPlaneClosedException>(peer.Connection.Completion);
        completion.InnerException.ShouldBe(reason.ShouldBeOfType<DataPlaneProtocolException>());
        handler.ClosedCalls.ShouldBe(1);
    }
}
