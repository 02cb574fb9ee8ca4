using System.Net;
using Microsoft.AspNetCore.Http;

namespace OrleansInference.Clustering;

/// <summary>Who sees the pages that are for operators: requests that begin on this machine.</summary>
internal static class OperatorAccess
{
    // A reverse proxy on this machine comes from loopback, too, whoever asks it.
    private static readonly string[] HeadersOfProxies = ["Forwarded", "X-Forwarded-For", "X-Real-IP"];

    public static bool IsGranted(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && !HeadersOfProxies.Any(context.Request.Headers.ContainsKey);
}
