using System.Globalization;
using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Clusters;
using OrleansInference.Gateway.OpenAI;
using OrleansInference.Gateway.Serving;

namespace OrleansInference.Gateway.Health;

/// <summary>GET /healthz: the process answers. GET /readyz: completions of its model would be taken.</summary>
internal static class HealthEndpoints
{
    public static IResult Alive() => TypedResults.Text("alive");

    public static async Task<IResult> ReadyAsync(
        HttpContext context, IClusterView cluster, IOptions<ServeOptions> serve, IOptions<GatewayOptions> options)
    {
        var readiness = await AskAsync(cluster, serve.Value.Model);
        if (readiness.Reason is null)
            return TypedResults.Json(readiness, WireJson.Readable.Readiness);

        var seconds = (options.Value.RetryAfterMilliseconds + 999) / 1000;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Json(readiness, WireJson.Readable.Readiness, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Readiness> AskAsync(IClusterView cluster, string wanted)
    {
        try
        {
            return ReadinessPolicy.Of(await cluster.GetTopologyAsync(), wanted);
        }
        catch (ClusterUnavailableException exception)
        {
            return ReadinessPolicy.NotReady(exception.Message, []);
        }
    }
}
