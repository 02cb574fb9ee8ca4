using System.Net;
using Microsoft.AspNetCore.Http;

namespace OrleansInference.Clustering;

/// <summary>What is for operators alone is for requests that begin on this machine.</summary>
internal static class OperatorAccess
{
    // A reverse proxy on this machine comes from loopback, too, whoever asks it.
    private static readonly string[] HeadersOfProxies = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];

    public static bool IsGranted(HttpContext context) => FindProblem(context) is null;

    /// <returns>What shows that the request comes from elsewhere, as the end of a sentence about it; null when nothing does.</returns>
    public static string? FindProblem(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } remote || !IPAddress.IsLoopback(remote))
            return $"comes from {context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address"}";
        return HeadersOfProxies.FirstOrDefault(context.Request.Headers.ContainsKey) is { } header
            ? $"has the header {header}, as requests through proxies do" : null;
    }
}
