using System.Net;
using Microsoft.AspNetCore.Http;
using OrleansInference.Gateway.Admin;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Tests.Admin;

public sealed class LoopbackOnlyTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task Request_WhenItComesFromThisMachine_IsTaken(string remote) => (await InvokeAsync(remote)).ShouldBe("done");

    [Theory]
    [InlineData("192.0.2.60", "this one comes from 192.0.2.60.")]
    [InlineData("::ffff:192.0.2.60", "this one comes from ::ffff:192.0.2.60.")]
    [InlineData(null, "this one comes from an unknown address.")]
    public async Task Request_WhenItComesFromElsewhere_IsRefusedWithWhereFrom(string? remote, string expected)
    {
        var error = (await Should.ThrowAsync<ApiException>(() => InvokeAsync(remote))).Error;
        (error.Status, error.Code).ShouldBe((403, "loopback_only"));
        error.Message.ShouldEndWith(expected);
    }

    private static async Task<object?> InvokeAsync(string? remote)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote);
        return await LoopbackOnly.InvokeAsync(EndpointFilterInvocationContext.Create(context), _ => ValueTask.FromResult<object?>("done"));
    }
}
