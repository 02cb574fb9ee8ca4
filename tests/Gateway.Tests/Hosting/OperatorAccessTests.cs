using System.Net;
using Microsoft.AspNetCore.Http;
using OrleansInference.Clustering;

namespace OrleansInference.Gateway.Tests.Hosting;

/// <summary>Who sees the dashboard of Microsoft Orleans, where that is the engine.</summary>
public sealed class OperatorAccessTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.0.2.15", false)]
    [InlineData(null, false)]
    public void IsGranted_ByWhereTheRequestComesFrom(string? remote, bool isGranted) =>
        OperatorAccess.IsGranted(ContextFrom(remote)).ShouldBe(isGranted);

    [Theory]
    [InlineData("Forwarded")]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-for")]
    [InlineData("X-Real-IP")]
    [InlineData("Via")]
    public void IsGranted_WhenAProxyOnThisMachinePassedItOn_IsNot(string header)
    {
        var context = ContextFrom("127.0.0.1");
        context.Request.Headers[header] = "127.0.0.1";

        OperatorAccess.IsGranted(context).ShouldBeFalse();
    }

    private static DefaultHttpContext ContextFrom(string? remote) =>
        new() { Connection = { RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote) } };
}
