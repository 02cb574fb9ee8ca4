using System.Net.Sockets;
using System.Text;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class ListenerTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: 256);

    private readonly RecordingHandler _handler = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connection_WhenAccepted_CarriesFramesBothWays()
    {
        var echo = new RecordingHandler((frame, connection, cancellation) => connection.SendAsync(frame, cancellation));
        await using var server = await DataPlaneServer.StartAsync(_ => echo);
        await using var connection = await server.ConnectAsync(Ring, _handler);
        connection.Remote.ShouldBe(server.Endpoint);
        server.Accepted.Single().Hello.ShouldBe(Ring);
        for (var i = 0; i < 1_000; i++)
            await Wait.For(connection.SendAsync(new BatchFrame(i, new[] { new BatchRow(1, i, true) }, new float[256]), Cancellation));
        await Wait.Until(() => _handler.Frames.Count == 1_000, "every echo");
        _handler.Frames.Cast<BatchFrame>().Select(frame => frame.BatchId).ShouldBe(Enumerable.Range(0, 1_000).Select(i => (long)i));
    }

    [Fact]
    public async Task Connection_WhenAFrameIsLargerThanABuffer_CarriesItBothWays()
    {
        var echo = new RecordingHandler((frame, connection, cancellation) => connection.SendAsync(frame, cancellation));
        await using var server = await DataPlaneServer.StartAsync(_ => echo);
        await using var connection = await server.ConnectAsync(Ring, _handler);
        var chunk = new byte[20 << 20];
        new Random(1).NextBytes(chunk);
        await Wait.For(connection.SendAsync(new StateFrame(1, 0, chunk.Length, chunk), Cancellation));
        await Wait.Until(() => !_handler.Frames.IsEmpty, "the echo");
        ((StateFrame)_handler.Frames.Single()).Chunk.Span.SequenceEqual(chunk).ShouldBeTrue();
    }

    [Theory]
    [InlineData(ConnectionRole.Ring)]
    [InlineData(ConnectionRole.Generation)]
    public async Task Connection_WhenItsHandlerIsBehind_LosesNothingAndStaysOpen(ConnectionRole role)
    {
        var held = new TaskCompletionSource();
        var handler = new RecordingHandler((_, _, _) => new ValueTask(held.Task));
        await using var server = await DataPlaneServer.StartAsync(
            _ => handler, [("ReceiveQueueBytes", "4096"), ("SendQueueBytes", "4096"), ("IdleMilliseconds", "20"), ("SilenceMilliseconds", "200")]);
        await using var connection = await server.ConnectAsync(Ring with { Role = role }, _handler);

        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 20_000; i++)
                await connection.SendAsync(FrameOf(i), Cancellation);
        }, Cancellation);
        await Task.Delay(1_000, Cancellation);
        handler.Frames.Count.ShouldBe(1);
        connection.Completion.IsCompleted.ShouldBeFalse();
        held.SetResult();

        await Wait.For(sending);
        await Wait.Until(() => handler.Frames.Count == 20_000, "every frame");
        handler.Frames.Select(NumberOf).ShouldBe(Enumerable.Range(0, 20_000));

        Frame FrameOf(int number) => role == ConnectionRole.Ring ? new ClearFrame(0, number % 64) : new CancelFrame(number);

        int NumberOf(Frame frame, int index) => frame is ClearFrame clear && clear.FromPosition == index % 64 ? index
            : frame is CancelFrame cancel ? (int)cancel.RequestId : -1;
    }

    [Fact]
    public async Task Listener_WhenItsPortIsTaken_SaysWhichAndWhy()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => _handler);
        var second = DataPlaneServer.StartAsync(_ => _handler, [("Listen", server.Endpoint)]);
        (await Should.ThrowAsync<InvalidOperationException>(second)).Message
            .ShouldBe($"The data plane cannot listen on {server.Endpoint}: Address already in use.");
    }

    [Fact]
    public async Task Connect_WhenTheEpochIsNotTheListeners_IsRefusedWithTheReason()
    {
        await using var server = await DataPlaneServer.StartAsync(hello => hello.Epoch == 3
            ? _handler
            : throw new DataPlaneRefusedException($"Epoch {hello.Epoch} of {hello.Pipeline} is not served here, only 3."));
        var refusal = await Should.ThrowAsync<DataPlaneRefusedException>(server.ConnectAsync(Ring with { Epoch = 2 }));
        refusal.Reason.ShouldBe("Epoch 2 of pebble/0 is not served here, only 3.");
        refusal.Message.ShouldStartWith(server.Endpoint);
        server.Logs.Lines.ShouldContain(line => line.Contains("refused: Epoch 2"));
        await using var welcome = await server.ConnectAsync(Ring);
    }

    [Fact]
    public async Task Connect_WhenAllConnectionsAreTaken_IsRefusedUntilOneIsFree()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler(), [("MaximumConnections", "2")]);
        var first = await server.ConnectAsync(Ring);
        await using var second = await server.ConnectAsync(Ring);
        var refusal = await Should.ThrowAsync<DataPlaneRefusedException>(server.ConnectAsync(Ring));
        refusal.Reason.ShouldBe("All 2 connections that are allowed here are taken.");
        await Wait.For(first.DisposeAsync());
        var third = default(DataPlaneConnection);
        for (var tries = 0; third is null && tries < 1_000; tries++)
        {
            try
            {
                third = await server.ConnectAsync(Ring);
            }
            catch (DataPlaneRefusedException)
            {
                await Task.Delay(1, Cancellation);
            }
        }

        await Wait.For(third.ShouldNotBeNull().DisposeAsync());
    }

    [Fact]
    public async Task Listener_WhenFloodedByRemotesThatSayNothing_ClosesThoseBeyondTwiceItsBoundAtOnce()
    {
        await using var server = await DataPlaneServer.StartAsync(
            _ => _handler, [("MaximumConnections", "1"), ("HelloTimeoutMilliseconds", "600000")]);
        using var held = await server.ConnectRawAsync();
        using var refused = await server.ConnectRawAsync();
        using var dropped = await server.ConnectRawAsync();
        (await ReadToEndAsync(dropped)).ShouldBeEmpty();
        held.Poll(0, SelectMode.SelectRead).ShouldBeFalse();
        refused.Poll(0, SelectMode.SelectRead).ShouldBeFalse();
    }

    [Fact]
    public async Task Connect_WhenTheAcceptorFails_IsNotWelcomed()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => throw new InvalidOperationException("broken acceptor"));
        var unreachable = await Should.ThrowAsync<DataPlaneUnreachableException>(server.ConnectAsync(Ring));
        unreachable.Message.ShouldContain(server.Endpoint);
        await Wait.Until(() => server.Logs.Lines.Any(line => line.Contains("broken acceptor")), "the log of the failure");
    }

    [Fact]
    public async Task Listener_WhenNoHelloComes_ClosesAfterItsTimeout()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => _handler, [("HelloTimeoutMilliseconds", "50")]);
        using var socket = await server.ConnectRawAsync();
        await socket.SendAsync(new byte[] { 40, 0, 0 }, Cancellation);
        (await ReadToEndAsync(socket)).ShouldBeEmpty();
        await Wait.Until(() => server.Logs.Lines.Any(line => line.Contains("without a Hello: none within 50 ms")), "the log");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "before a connection is open")]
    [InlineData("\u0005\0\0\0\u0023abcd", "Cancel frame: it does not belong before a connection is open")]
    [InlineData("\u0001\0\0\0\u0002", "A connection begins with a Hello.")]
    public async Task Listener_WhenAStrangerSpeaks_SaysWhatIsWrongAndCloses(string bytes, string reason)
    {
        await using var server = await DataPlaneServer.StartAsync(_ => _handler);
        using var socket = await server.ConnectRawAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(bytes), Cancellation);
        var answer = Codecs.For(null).Decode(await ReadToEndAsync(socket)).ShouldBeOfType<RefuseFrame>();
        answer.Reason.ShouldContain(reason);
        server.Accepted.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_WhenTheRemoteIsKilled_TellsItsHandlerAtOnce(bool withReset)
    {
        await using var server = await DataPlaneServer.StartAsync(_ => _handler);
        using (var socket = await server.ConnectRawAsync())
        {
            await socket.SendAsync(Codecs.For(null).Encode(Ring), Cancellation);
            await Wait.Until(() => !server.Accepted.IsEmpty, "the connection");
            socket.LingerState = new LingerOption(withReset, 0);
        }

        (await Wait.For(_handler.Closed)).ShouldBeOfType<DataPlaneClosedException>();
        await Should.ThrowAsync<DataPlaneClosedException>(Wait.For(server.Accepted.Single().Completion));
    }

    [Fact]
    public async Task Connection_WhenTheRemoteKeepsQuietButOpen_IsClosedForSilence()
    {
        await using var server = await DataPlaneServer.StartAsync(
            _ => _handler, [("IdleMilliseconds", "20"), ("SilenceMilliseconds", "200")]);
        using var socket = await server.ConnectRawAsync();
        await socket.SendAsync(Codecs.For(null).Encode(Ring), Cancellation);
        (await Wait.For(_handler.Closed))!.Message.ShouldContain("nothing was heard");
    }

    [Fact]
    public async Task Server_WhenStopped_EndsItsConnectionsInOrder()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        var connection = await server.ConnectAsync(Ring, _handler);
        await server.StopAsync();
        (await Wait.For(_handler.Closed)).ShouldBeOfType<DataPlaneClosedException>().IsOrderly.ShouldBeTrue();
        await Wait.For(connection.DisposeAsync());
    }

    /// <summary>What comes until the connection ends, be it by a reset: bytes that the listener never read make it one.</summary>
    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        var received = new MemoryStream();
        var buffer = new byte[4_096];
        try
        {
            while (await Wait.For(socket.ReceiveAsync(buffer, Cancellation).AsTask()) is > 0 and var count)
                received.Write(buffer, 0, count);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
        }

        return received.ToArray();
    }
}
