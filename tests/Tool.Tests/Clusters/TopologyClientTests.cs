using System.Net;
using System.Net.Sockets;
using OrleansInference.Tool.Clusters;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class TopologyClientTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public TopologyClientTests() => _server.Start();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Ask_WhenTheGatewayNeverAnswers_SaysSoWithinABound()
    {
        using var client = new TopologyClient(new Uri($"http://{_server.LocalEndpoint}"));

        (await Should.ThrowAsync<HttpRequestException>(() => client.IsReadyAsync(TestContext.Current.CancellationToken))).Message.ShouldContain("no answer within 3 s");
    }

    [Fact]
    public async Task Ask_WhenItIsNoGateway_SaysSo()
    {
        using var client = new TopologyClient(new Uri($"http://{_server.LocalEndpoint}"));
        var answer = client.GetTopologyAsync(TestContext.Current.CancellationToken);
        using var connection = await _server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = connection.GetStream();
        await stream.ReadExactlyAsync(new byte[4], TestContext.Current.CancellationToken);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\nabc"u8.ToArray(), TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<HttpRequestException>(() => answer)).Message.ShouldContain("not a topology");
    }
}
