using System.Net;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.OpenAI;

/// <summary>Pages of other origins, whose browsers ask whether they may call.</summary>
public sealed class CrossOriginTests
{
    private const string Path = "/v1/chat/completions";
    private const string Page = "https://chat.example.com";

    [Fact]
    public async Task Preflight_WhenNoOriginIsListed_AllowsNothing()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        using var response = await SendAsync(gateway, HttpMethod.Options, Page);
        AllowedOrigin(response).ShouldBeNull();
        using var answer = await SendAsync(gateway, HttpMethod.Post, Page);
        AllowedOrigin(answer).ShouldBeNull();
    }

    [Theory]
    [InlineData("https://other.example.com,https://chat.example.com", Page)]
    [InlineData(" https://Chat.example.com , http://localhost:3000 ", Page)]
    [InlineData("*", "*")]
    public async Task Preflight_WhenTheOriginIsListed_AllowsTheCall(string origins, string expected)
    {
        await using var gateway = await GatewayFixture.StartAsync($"--Gateway:AllowedOrigins={origins}");
        using var response = await SendAsync(gateway, HttpMethod.Options, Page);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        AllowedOrigin(response).ShouldBe(expected);
        response.Headers.GetValues("Access-Control-Allow-Methods").ShouldBe(["POST"]);
        response.Headers.GetValues("Access-Control-Allow-Headers").ShouldBe(["authorization,content-type"]);

        using var answer = await SendAsync(gateway, HttpMethod.Post, Page);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        AllowedOrigin(answer).ShouldBe(expected);
    }

    [Fact]
    public async Task Error_WhenTheOriginIsListed_MayBeReadWithItsRetryAfter()
    {
        await using var gateway = await GatewayFixture.StartAsync($"--Gateway:AllowedOrigins={Page}");
        gateway.Admission.Refuse = _ => new(Grains.Gateways.RefusalReason.QueueFull, "Full.", 1_000, 0);
        using var answer = await SendAsync(gateway, HttpMethod.Post, Page);
        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        AllowedOrigin(answer).ShouldBe(Page);
        answer.Headers.GetValues("Access-Control-Expose-Headers").ShouldBe(["Retry-After,retry-after-ms"]);
    }

    [Theory]
    [InlineData("https://evil.example.com", Path)]
    [InlineData("http://chat.example.com", Path)]
    [InlineData(Page, "/admin/topology")]
    [InlineData(Page, "/metrics")]
    public async Task Preflight_WhenFromElsewhereOrForOperators_AllowsNothing(string origin, string path)
    {
        await using var gateway = await GatewayFixture.StartAsync($"--Gateway:AllowedOrigins={Page}");
        using var response = await SendAsync(gateway, HttpMethod.Options, origin, path);
        AllowedOrigin(response).ShouldBeNull();
    }

    private static async Task<HttpResponseMessage> SendAsync(
        GatewayFixture gateway, HttpMethod method, string origin, string path = Path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        }
        else
        {
            request.Content = new StringContent(
                """{"model":"pebble","messages":[{"role":"user","content":"Hi"}]}""", null, "application/json");
        }

        return await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string? AllowedOrigin(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) ? origins.Single() : null;
}
