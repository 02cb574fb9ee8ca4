using System.Net;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Admin;

/// <summary>
/// Lets only operators on the gateway's own machine through. A gateway knows no keys, so what changes the cluster must not be reached
/// from elsewhere, also not through a proxy on this machine, or by a web page that an operator looks at.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>Headers of requests that somebody else sent: proxies add all but the last, browsers that one.</summary>
    private static readonly string[] TellTales = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "Origin"];

    /// <exception cref="ApiException">The request comes from elsewhere; the message says how that shows.</exception>
    public static ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.Connection.RemoteIpAddress is not { } remote || !IPAddress.IsLoopback(remote))
            throw Refusal(http.Request, $"this one comes from {http.Connection.RemoteIpAddress?.ToString() ?? "an unknown address"}");
        if (TellTales.FirstOrDefault(http.Request.Headers.ContainsKey) is { } header)
            throw Refusal(http.Request, $"this one has the header {header}, as requests through proxies or from web pages do");
        return next(context);
    }

    private static ApiException Refusal(HttpRequest request, string why) => new(ApiError.Forbidden(
        $"{request.Method} {request.Path} is taken only from the gateway's own machine, directly, at its loopback address; {why}."));
}
