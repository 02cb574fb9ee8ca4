using System.Net;
using System.Net.Sockets;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class ConnectorTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connect_WhenNobodyListens_SaysWhereAndWhy()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var endpoint = unused.LocalEndPoint!.ToString()!;
        var unreachable = await Should.ThrowAsync<DataPlaneUnreachableException>(ConnectAsync(server, endpoint));
        unreachable.Endpoint.ShouldBe(endpoint);
        unreachable.Message.ShouldBe($"No data-plane connection to {endpoint}: Connection refused");
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData(":7000")]
    [InlineData("::1:7000")]
    public async Task Connect_WhenTheEndpointIsNone_SaysHowOneIsWritten(string endpoint)
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        (await Should.ThrowAsync<DataPlaneUnreachableException>(ConnectAsync(server, endpoint))).Message.ShouldContain("host:port");
    }

    [Theory]
    [InlineData("10.1.2.3:7000")]
    [InlineData("[2001:db8::1]:7000")]
    public async Task Connect_WhenPlainAndNotOnLoopback_IsNotTried(string endpoint)
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        (await Should.ThrowAsync<DataPlaneUnreachableException>(ConnectAsync(server, endpoint))).Message.ShouldContain("must be encrypted");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Connect_WhenOnLoopbackByAnyName_Connects(string host)
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        await using var connection = await ConnectAsync(server, $"{host}:{server.Port}");
        connection.Hello.ShouldBe(Ring);
    }

    [Fact]
    public async Task Connect_WhenNobodyAnswers_GivesUpAfterItsTimeout()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler(), [("ConnectTimeoutMilliseconds", "50")]);
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var unreachable = await Should.ThrowAsync<DataPlaneUnreachableException>(ConnectAsync(server, mute.LocalEndpoint.ToString()!));
        unreachable.Message.ShouldContain("no answer within 50 ms");
    }

    [Fact]
    public async Task Connect_WhenCancelled_IsCancelledAndNotUnreachable()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        using var cancellation = new CancellationTokenSource();
        var connecting = server.Connector.ConnectAsync(mute.LocalEndpoint.ToString()!, Ring, new RecordingHandler(), cancellation.Token);
        using var accepted = await mute.AcceptSocketAsync(Cancellation);
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(Wait.For(connecting));
    }

    [Fact]
    public async Task Connect_WhenTheAnswerIsNone_SaysWhatCame()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var connecting = ConnectAsync(server, stranger.LocalEndpoint.ToString()!);
        using var accepted = await stranger.AcceptSocketAsync(Cancellation);
        await accepted.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Cancellation);
        var unreachable = await Should.ThrowAsync<DataPlaneUnreachableException>(connecting);
        unreachable.InnerException.ShouldBeOfType<DataPlaneProtocolException>();
    }

    [Fact]
    public async Task Connect_WhenTheHelloIsNotValid_IsTheCallersError()
    {
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler());
        var connecting = server.ConnectAsync(Ring with { Pipeline = "" });
        (await Should.ThrowAsync<ArgumentException>(connecting)).Message.ShouldContain("pipeline has no name");
    }

    private static Task<DataPlaneConnection> ConnectAsync(DataPlaneServer server, string endpoint) =>
        Wait.For(server.Connector.ConnectAsync(endpoint, Ring, new RecordingHandler(), Cancellation));
}
