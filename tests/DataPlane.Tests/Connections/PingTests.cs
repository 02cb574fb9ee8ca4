using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class PingTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring);

    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connection_WhenIdle_PingsAndMeasuresTheRoundTrip()
    {
        var peer = new RawPeer(Ring, new RecordingHandler(), _time);
        await AwaitHeartbeat();
        _time.Advance(TimeSpan.FromMilliseconds(500));
        var ping = (await peer.ReceiveAsync()).ShouldBeOfType<PingFrame>();
        ping.IsReply.ShouldBeFalse();
        peer.Connection.RoundTrip.ShouldBeNull();
        _time.Advance(TimeSpan.FromMilliseconds(40));
        await peer.SendAsync(ping with { IsReply = true });
        await Wait.Until(() => peer.Connection.RoundTrip == TimeSpan.FromMilliseconds(40), "the round trip");
        await peer.Connection.DisposeAsync();
    }

    [Fact]
    public async Task Connection_WhenItHearsNothing_ClosesAndSaysForHowLong()
    {
        var handler = new RecordingHandler();
        var peer = new RawPeer(Ring, handler, _time);
        await AwaitHeartbeat();
        _time.Advance(TimeSpan.FromMilliseconds(1_999));
        handler.Closed.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(126));
        (await Wait.For(handler.Closed))!.Message.ShouldBe("nothing was heard of the remote for 2000 ms");
        await Should.ThrowAsync<DataPlaneClosedException>(Wait.For(peer.Connection.Completion));
    }

    [Fact]
    public async Task Connection_WhenItHearsPings_StaysOpenAndAnswersEachEvenWhileTheHandlerIsBusy()
    {
        var handler = new RecordingHandler((_, _, cancellation) => new ValueTask(Task.Delay(Timeout.Infinite, cancellation)));
        var peer = new RawPeer(Ring, handler, _time);
        await AwaitHeartbeat();
        await peer.SendAsync(new ClearFrame(0, 0));
        await Wait.Until(() => handler.Frames.Count == 1, "a busy handler");
        for (ulong nonce = 0; nonce < 20; nonce++)
        {
            await peer.SendAsync(new PingFrame(nonce, IsReply: false));
            Frame? answer;
            do
                answer = await peer.ReceiveAsync();
            while (answer is PingFrame { IsReply: false });
            answer.ShouldBe(new PingFrame(nonce, IsReply: true));
            _time.Advance(TimeSpan.FromMilliseconds(1_500));
        }

        handler.Closed.IsCompleted.ShouldBeFalse();
        await peer.Connection.DisposeAsync();
    }

    [Fact]
    public async Task Connection_WhenItsHandlerIsSoSlowThatNothingIsRead_HearsNoSilenceAndGoesOnPinging()
    {
        var gate = new TaskCompletionSource();
        var handler = new RecordingHandler((_, _, _) => new ValueTask(gate.Task));
        var peer = new RawPeer(Ring, handler, _time, new DataPlaneOptions { ReceiveQueueBytes = 1 << 10 });
        await AwaitHeartbeat();
        var flood = peer.Codec.Encode(new FaultFrame(1, new string('x', 2_000)));
        var sent = 0;
        Task writing;
        do
        {
            writing = peer.Output.WriteAsync(flood, Cancellation).AsTask();
            sent++;
        }
        while (writing.IsCompleted);
        // Before it, the pipe is full only because nobody has begun to read.
        await Wait.Until(() => !handler.Frames.IsEmpty, "the frame that the handler is slow with");
        await Wait.Until(() => !peer.Connection.IsListening, "the full queue");

        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(625));
            (await peer.ReceiveAsync()).ShouldBeOfType<PingFrame>().IsReply.ShouldBeFalse();
        }

        handler.Closed.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        await Wait.For(writing);
        await Wait.Until(() => handler.Frames.Count == sent, "the arrival of every frame");
        // Reading again, it counts again.
        await AdvanceUntilClosed(handler);
        (await handler.Closed)!.Message.ShouldContain("nothing was heard");
    }

    [Fact]
    public async Task Pair_WhenIdleForLong_KeepsItselfAlive()
    {
        var options = new DataPlaneOptions { IdleMilliseconds = 10, SilenceMilliseconds = 200 };
        await using var pair = new ConnectionPair(Ring, new RecordingHandler(), new RecordingHandler(), options);
        // Each answered ping follows an idle time of 10 ms, so that these take the silence time several times over.
        var roundTrips = new HashSet<TimeSpan?>();
        await Wait.Until(() => roundTrips.Add(pair.Client.RoundTrip) && roundTrips.Count > 100, "a hundred answered pings");
        pair.Client.Completion.IsCompleted.ShouldBeFalse();
        pair.Server.Completion.IsCompleted.ShouldBeFalse();
    }

    private Task AwaitHeartbeat() => Wait.Until(() => _time.TimerCount == 1, "the heartbeat");

    private Task AdvanceUntilClosed(RecordingHandler handler) => Wait.Until(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return handler.Closed.IsCompleted;
        },
        "the end of the connection");
}
