using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class DataPlaneConnectionTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: 256);

    private readonly RecordingHandler _ignored = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_WhenManySendAtOnce_ArriveOnceEachInEverySendersOrder()
    {
        const int senders = 8;
        const int framesEach = 1_250;
        var handler = new RecordingHandler();
        await using var pair = new ConnectionPair(Ring, _ignored, handler, Queues(8 << 10));
        await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < framesEach; i++)
                await pair.Client.SendAsync(new FaultFrame(sender * framesEach + i, "ordered"), Cancellation);
        })));
        await Wait.Until(() => handler.Frames.Count == senders * framesEach, "the arrival of every frame");
        var arrived = handler.Frames.Cast<FaultFrame>().Select(frame => (int)frame.BatchId).ToArray();
        arrived.Order().ShouldBe(Enumerable.Range(0, senders * framesEach));
        for (var sender = 0; sender < senders; sender++)
            arrived.Where(number => number / framesEach == sender).ShouldBeInOrder();
    }

    [Fact]
    public async Task Frames_WhenSentWithoutWaiting_KeepTheirOrderThroughAFullQueue()
    {
        var handler = new RecordingHandler();
        await using var pair = new ConnectionPair(Ring, _ignored, handler, Queues(1 << 10));
        var sends = Enumerable.Range(0, 2_000).Select(i => pair.Client.SendAsync(new FaultFrame(i, ""), Cancellation).AsTask()).ToArray();
        await Wait.For(Task.WhenAll(sends));
        await Wait.Until(() => handler.Frames.Count == sends.Length, "the arrival of every frame");
        handler.Frames.Cast<FaultFrame>().Select(frame => frame.BatchId).ShouldBeInOrder();
    }

    [Fact]
    public async Task Send_WhenTheHandlerIsSlow_WaitsAndHoldsNoMoreThanTheQueues()
    {
        const int chunkBytes = 4 << 10;
        var options = Queues(64 << 10);
        var gate = new TaskCompletionSource();
        var handler = new RecordingHandler((_, _, _) => new ValueTask(gate.Task));
        await using var pair = new ConnectionPair(Ring, _ignored, handler, options);
        int accepted = 0, last = 0, same = 0;
        var sending = SendAllAsync();
        async Task SendAllAsync()
        {
            for (; accepted < 1_000; accepted++)
                await pair.Client.SendAsync(new StateFrame(0, 0, chunkBytes, new byte[chunkBytes]), Cancellation);
        }

        await Wait.Until(() => handler.Frames.Count == 1 && StandsStill(accepted), "a sender that waits");
        sending.IsCompleted.ShouldBeFalse();
        // Both queues, the pipe between them, and one frame each in the hands of sender, writer, reader and handler.
        var mostBytes = options.SendQueueBytes + options.ReceiveQueueBytes + ConnectionPair.PipeBytes + 4 * chunkBytes;
        ((long)accepted * chunkBytes).ShouldBeLessThanOrEqualTo(mostBytes);

        gate.SetResult();
        await Wait.For(sending);
        await Wait.Until(() => handler.Frames.Count == 1_000, "the arrival of every frame");

        bool StandsStill(int count)
        {
            same = count == last ? same + 1 : 0;
            last = count;
            return same == 50;
        }
    }

    [Fact]
    public async Task Send_WhenCancelledWhileItWaits_SendsNothingAndLeavesTheRestWhole()
    {
        var gate = new TaskCompletionSource();
        var handler = new RecordingHandler((_, _, _) => new ValueTask(gate.Task));
        await using var pair = new ConnectionPair(Ring, _ignored, handler, Queues(1 << 10));
        using var cancellation = new CancellationTokenSource();
        var sends = Enumerable.Range(0, 400).Select(Send).ToArray();
        await Wait.Until(() => handler.Frames.Count == 1, "the first frame");
        await cancellation.CancelAsync();
        gate.SetResult();
        await Wait.For(Task.WhenAll(sends).ContinueWith(_ => { }, Cancellation, TaskContinuationOptions.None, TaskScheduler.Default));
        var sent = Enumerable.Range(0, sends.Length).Where(i => sends[i].IsCompletedSuccessfully).Select(i => (long)i).ToArray();
        sent.Length.ShouldBeInRange(200, 399);
        await Wait.Until(() => handler.Frames.Count == sent.Length, "the arrival of what was sent");
        handler.Frames.Cast<StateFrame>().Select(frame => frame.Offset).ShouldBe(sent);

        Task Send(int i) =>
            pair.Client.SendAsync(new StateFrame(0, i, 10_000, new byte[1_000]), i % 2 == 0 ? cancellation.Token : Cancellation).AsTask();
    }

    [Fact]
    public async Task Send_WhenItWaits_HasAlreadyReadTheFramesMemory()
    {
        var gate = new TaskCompletionSource();
        var handler = new RecordingHandler((_, _, _) => new ValueTask(gate.Task));
        await using var pair = new ConnectionPair(Ring, _ignored, handler, Queues(1 << 10));
        var hidden = new float[256];
        var sends = new List<Task>();
        for (var i = 0; i < 200; i++)
        {
            hidden.AsSpan().Fill(i);
            sends.Add(pair.Client.SendAsync(new BatchFrame(i, new[] { new BatchRow(0, i, false) }, hidden), Cancellation).AsTask());
        }

        sends[^1].IsCompleted.ShouldBeFalse();
        gate.SetResult();
        await Wait.For(Task.WhenAll(sends));
        await Wait.Until(() => handler.Frames.Count == 200, "the arrival of every frame");
        foreach (var batch in handler.Frames.Cast<BatchFrame>())
        {
            batch.Hidden.ToArray().ShouldAllBe(element => element == batch.BatchId);
            batch.Dispose();
        }
    }

    [Fact]
    public async Task Connection_WhenAFrameIsLargerThanEveryQueue_CarriesIt()
    {
        var handler = new RecordingHandler();
        await using var pair = new ConnectionPair(Ring, _ignored, handler, Queues(1 << 10));
        var chunk = new byte[9_000_000];
        new Random(4).NextBytes(chunk);
        for (var i = 0; i < 3; i++)
            await Wait.For(pair.Client.SendAsync(new StateFrame(0, 0, chunk.Length, chunk), Cancellation));
        await Wait.Until(() => handler.Frames.Count == 3, "the arrival of every frame");
        foreach (var frame in handler.Frames.Cast<StateFrame>())
            frame.Chunk.Span.SequenceEqual(chunk).ShouldBeTrue();
    }

    private static DataPlaneOptions Queues(int bytes) => new() { SendQueueBytes = bytes, ReceiveQueueBytes = bytes };
}
