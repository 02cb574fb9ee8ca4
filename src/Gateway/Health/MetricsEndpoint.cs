using System.Globalization;
using System.Text;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.Health;

/// <summary>GET /metrics: this gateway's gauges, in Prometheus' text format. Autoscaling looks at the queue length.</summary>
internal static class MetricsEndpoint
{
    public static IResult Get(GenerationGate gate, HeadClient heads)
    {
        var text = new StringBuilder();
        Gauge(text, "oinf_gateway_in_flight_requests", "Generation requests that are being answered.", gate.InFlightCount);
        Gauge(text, "oinf_gateway_queue_length", "Generation requests that wait for their turn.", gate.WaitingCount);
        Gauge(text, "oinf_gateway_running_completions", "Completions that run on heads.", heads.RequestCount);
        Gauge(text, "oinf_gateway_head_connections", "Connections to heads.", heads.ConnectionCount);
        return TypedResults.Text(text.ToString(), "text/plain; version=0.0.4", Encoding.UTF8);
    }

    private static void Gauge(StringBuilder text, string name, string help, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
}
