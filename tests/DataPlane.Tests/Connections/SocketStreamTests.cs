using System.Net;
using System.Net.Sockets;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class SocketStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private Socket _remote = null!;
    private SocketStream _stream = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_stream, _remote) = await ConnectAsync(CloseTimeout);

    public ValueTask DisposeAsync()
    {
        _remote.Dispose();
        _stream.Abort();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Read_WhenItBlocks_WaitsOnItsThreadAndTakesWhatIsThere()
    {
        var reading = ReadBlocking(Cancellation);
        await Task.Delay(50, Cancellation);
        reading.IsCompleted.ShouldBeFalse();

        await _remote.SendAsync(new byte[] { 1, 2, 3 }, Cancellation);

        (await Wait.For(reading)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Read_WhenItBlocksAndTheRemoteEnds_ReadsNothingMore()
    {
        var reading = ReadBlocking(Cancellation);

        _remote.Dispose();

        (await Wait.For(reading)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Read_WhenItBlocksAndIsCancelled_Ends()
    {
        using var stopping = new CancellationTokenSource();
        var reading = ReadBlocking(stopping.Token);
        await Task.Delay(50, Cancellation);

        await stopping.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(Wait.For(reading));
        // What is still to be sent is not lost by it.
        await _stream.WriteAsync(new byte[] { 7 }, Cancellation);
        (await Wait.For(_remote.ReceiveAsync(new byte[8], Cancellation).AsTask())).ShouldBe(1);
    }

    [Fact]
    public async Task Read_WhenItBlocksAndTheStreamIsAborted_Ends()
    {
        var reading = ReadBlocking(Cancellation);
        await Task.Delay(50, Cancellation);

        _stream.Abort();

        await Wait.For(reading.ContinueWith(_ => { }, TaskScheduler.Default));
    }

    [Fact]
    public async Task Dispose_WhenTheRemoteHasNotReadYet_LeavesItTheTime()
    {
        var sent = new byte[1 << 20];
        new Random(1).NextBytes(sent);
        // Bytes that nobody reads here would reset a connection that is closed at once, and what was sent with it.
        await _remote.SendAsync(new byte[100], Cancellation);
        var writing = _stream.WriteAsync(sent, Cancellation).AsTask();

        var received = new MemoryStream();
        var buffer = new byte[64 << 10];
        received.Write(buffer, 0, await _remote.ReceiveAsync(buffer, Cancellation));
        var disposing = Task.Run(async () =>
        {
            await writing;
            await _stream.DisposeAsync();
        }, Cancellation);
        while (await Wait.For(_remote.ReceiveAsync(buffer, Cancellation).AsTask()) is > 0 and var count)
            received.Write(buffer, 0, count);
        disposing.IsCompleted.ShouldBeFalse("the remote has not ended its side");
        _remote.Dispose();

        await Wait.For(disposing);
        received.ToArray().ShouldBe(sent);
    }

    [Fact]
    public async Task Dispose_WhenTheRemoteNeverEnds_WaitsABoundedTime()
    {
        var (stream, remote) = await ConnectAsync(TimeSpan.FromMilliseconds(50));
        using (remote)
            await Wait.For(stream.DisposeAsync());
    }

    private static async Task<(SocketStream Stream, Socket Remote)> ConnectAsync(TimeSpan closeTimeout)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var remote = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await remote.ConnectAsync(listener.LocalEndPoint!, Cancellation);
        return (new SocketStream(await listener.AcceptAsync(Cancellation), closeTimeout, TimeProvider.System), remote);
    }

    private Task<byte[]> ReadBlocking(CancellationToken cancellation)
    {
        Assert.SkipUnless(SocketStream.CanBlock, "reads do not block here");
        _stream.Blocks = true;
        return Task.Factory.StartNew(
            () =>
            {
                var buffer = new byte[64];
                var thread = Environment.CurrentManagedThreadId;
                var reading = _stream.ReadAsync(buffer, cancellation);
                reading.IsCompleted.ShouldBeTrue();
                Environment.CurrentManagedThreadId.ShouldBe(thread);
                return buffer[..reading.Result];
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
