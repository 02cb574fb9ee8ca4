using System.Net.Sockets;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Heads;

/// <summary>Clients that leave, and clients that read slowly.</summary>
public sealed class DisconnectTests : IAsyncLifetime
{
    private const string Path = "/v1/completions";

    private readonly GatewayFixture _gateway = new();

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Client_WhenItLeavesMidStream_CancelsTheCompletionAtTheHead()
    {
        _gateway.Head.Script = Scripts.Endless;
        var response = await _gateway.PostForStreamAsync(Path, """{"model":"pebble","prompt":"Hi","stream":true,"n":2}""",
            TestContext.Current.CancellationToken);
        response.Dispose();
        await GatewayFixture.UntilAsync(() => _gateway.Head.Requests.Count(request => request.IsCancelled) == 2, "both are cancelled");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItLeavesBeforeTheAnswer_CancelsTheCompletionAtTheHead()
    {
        _gateway.Head.Script = Scripts.Silent;
        using var leaving = new CancellationTokenSource();
        var request = _gateway.PostAsync(Path, """{"model":"pebble","prompt":"Hi"}""", leaving.Token);
        await GatewayFixture.UntilAsync(() => _gateway.Head.Requests.Count == 1, "the head works on it");
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(request);
        await GatewayFixture.UntilAsync(() => _gateway.Head.LastRequest.IsCancelled, "it is cancelled");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItLeavesWhileItIsAdmitted_GivesTheLeaseBack()
    {
        var admitting = new TaskCompletionSource();
        var admit = new TaskCompletionSource();
        _gateway.Admission.Before = () =>
        {
            admitting.SetResult();
            return admit.Task;
        };
        using var leaving = new CancellationTokenSource();
        var request = _gateway.PostAsync(Path, """{"model":"pebble","prompt":"Hi"}""", leaving.Token);
        await admitting.Task;
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(request);
        admit.SetResult();
        await GatewayFixture.UntilAsync(() => _gateway.Admission.GrantedCount == 1, "the lease is granted all the same");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItDoesNotRead_GetsEverythingInFewerLargerEventsAndHoldsNobodyUp()
    {
        const int Pieces = 20_000;
        var sent = new TaskCompletionSource();
        _gateway.Head.Script = async request =>
        {
            if (request.Generation.Prompt == "fast")
            {
                await Scripts.Story(request);
                return;
            }

            for (var i = 0; i < Pieces; i++)
                await request.SendAsync("0123456789");
            await request.FinishAsync();
            sent.SetResult();
        };
        using var socket = await SendRawAsync(_gateway, """{"model":"pebble","prompt":"slow","stream":true}""", receiveBufferBytes: 4_096);
        await sent.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        // The slow one's completion is all there, unread, and the shared connection is free.
        await _gateway.PostForJsonAsync(Path, """{"model":"pebble","prompt":"fast"}""");

        var answer = await ReadToEndAsync(socket);
        var events = answer.Split("data: ")[1..];
        events.Length.ShouldBeLessThan(Pieces / 2);
        events.Sum(one => one.Split("0123456789").Length - 1).ShouldBe(Pieces);
        answer.ShouldContain("[DONE]");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItDoesNotReadAndTooMuchWaits_LosesItsCompletion()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:MaximumPendingBytes=65536");
        var begun = new TaskCompletionSource();
        gateway.Head.Script = async request =>
        {
            var piece = new string('a', 1_000);
            await request.SendAsync(piece);
            await begun.Task;
            while (!request.IsCancelled)
                await request.SendAsync(piece);
            request.Cancelled.ThrowIfCancellationRequested();
        };
        using var socket = await SendRawAsync(gateway, """{"model":"pebble","prompt":"slow","stream":true}""", receiveBufferBytes: 4_096);
        (await socket.ReceiveAsync(new byte[8], TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
        begun.SetResult();
        await GatewayFixture.UntilAsync(() => gateway.Head.Requests.Any(request => request.IsCancelled), "it is cancelled, unread");
        var answer = await ReadToEndAsync(socket);
        answer.ShouldContain("reads too slowly");
        // The last chunk is missing, so that the answer does not look whole.
        answer.ShouldEndWith("\n\n\r\n");
        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItSpeaksHttp10_GetsEventsWithoutChunks()
    {
        using var socket = await SendRawAsync(_gateway, """{"model":"pebble","prompt":"Hi","stream":true}""", version: "1.0");
        var answer = await ReadToEndAsync(socket);
        answer.ShouldContain("\r\n\r\ndata: {");
        answer.ShouldEndWith("\n\ndata: [DONE]\n\n");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Client_WhenItSpeaksHttp10AndTheStreamFails_LosesItsConnection()
    {
        var begun = new TaskCompletionSource();
        _gateway.Head.Script = Scripts.FailingOnce(begun.Task);
        using var socket = await SendRawAsync(_gateway, """{"model":"pebble","prompt":"Hi","stream":true}""", version: "1.0");
        (await socket.ReceiveAsync(new byte[8], TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
        begun.SetResult();
        await Should.ThrowAsync<IOException>(() => ReadToEndAsync(socket));
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Gateway_WhenItStops_EndsStreamsAfterAWhileAndCancelsTheirCompletions()
    {
        await using var gateway = await GatewayFixture.StartAsync("--Gateway:DrainMilliseconds=100");
        gateway.Head.Script = Scripts.Endless;
        using var response = await gateway.PostForStreamAsync(
            Path, """{"model":"pebble","prompt":"Hi","stream":true}""", TestContext.Current.CancellationToken);
        var stopping = gateway.StopAsync();
        (await GatewayFixture.ReadBrokenAsync(response)).ShouldContain("\"code\":\"stopping\"");
        await stopping;
        gateway.Admission.IsSettled.ShouldBeTrue();
    }

    private static async Task<Socket> SendRawAsync(
        GatewayFixture gateway, string body, int receiveBufferBytes = 65_536, string version = "1.1")
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = receiveBufferBytes };
        await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port, TestContext.Current.CancellationToken);
        var request = $"POST {Path} HTTP/{version}\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}";
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
