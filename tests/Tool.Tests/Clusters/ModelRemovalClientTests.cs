using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class ModelRemovalClientTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public ModelRemovalClientTests() => _server.Start();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Remove_WhenTheGatewayDoes_NamesTheModelAndReturnsWhatItSays()
    {
        var (request, message) = await RemoveAsync("quen@1", "200 OK", """{"model":"quen@1","removed":true,"message":"'quen@1' is removed."}""");
        request.ShouldStartWith("DELETE /admin/models/quen%401 HTTP/1.1\r\n");
        message.ShouldBe("'quen@1' is removed.");
    }

    [Theory]
    [InlineData("404 Not Found", "The model 'quan' is not deployed. Deployed: quen.")]
    [InlineData("403 Forbidden", "Only from loopback.")]
    public async Task Remove_WhenTheGatewayRefuses_SaysWhy(string status, string reason) =>
        (await Should.ThrowAsync<UserErrorException>(() => RemoveAsync("quan", status, $$$"""{"error":{"message":"{{{reason}}}","code":"c"}}""")))
            .Message.ShouldBe(reason);

    [Theory]
    [InlineData("200 OK", "abc", "not a gateway's")]
    [InlineData("200 OK", "{}", "of status 200, says nothing of a removal")]
    [InlineData("502 Bad Gateway", "{}", "of status 502, says nothing of a removal")]
    public async Task Remove_WhenItIsNoGateway_SaysSo(string status, string body, string expected) =>
        (await Should.ThrowAsync<HttpRequestException>(() => RemoveAsync("quen", status, body))).Message.ShouldContain(expected);

    private async Task<(string Request, string Message)> RemoveAsync(string model, string status, string body)
    {
        using var client = new ModelRemovalClient(new Uri($"http://{_server.LocalEndpoint}"));
        var answer = client.RemoveAsync(model, TestContext.Current.CancellationToken);
        using var connection = await _server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = connection.GetStream();
        var request = new byte[4_096];
        var count = await stream.ReadAsync(request, TestContext.Current.CancellationToken);
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
            TestContext.Current.CancellationToken);
        return (Encoding.UTF8.GetString(request, 0, count), await answer);
    }
}
