using System.Globalization;
using System.Text;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.Health;

/// <summary>GET /metrics: this gateway's gauges and counters, in Prometheus' text format. Autoscaling looks at what waits.</summary>
internal static class MetricsEndpoint
{
    public static IResult Get(GenerationGate gate, HeadClient heads)
    {
        var text = new StringBuilder();
        Gauge(text, "oinf_gateway_in_flight_requests", "Generation requests that are being answered.", gate.InFlightCount);
        Gauge(text, "oinf_gateway_queue_length",
            "Generation requests that wait in this gateway until it serves fewer; no head knows of them yet.", gate.WaitingCount);
        Gauge(text, "oinf_gateway_waiting_completions",
            "Completions that heads have sent nothing of yet: they wait for a slot, or their prompt is computed.", heads.WaitingCount);
        Gauge(text, "oinf_gateway_running_completions", "Completions that heads have begun to send.", heads.RunningCount);
        Gauge(text, "oinf_gateway_head_connections", "Connections to heads.", heads.ConnectionCount);
        Counter(text, "oinf_gateway_prompt_tokens_total", "Tokens of the prompts that were answered.", heads.Tokens.PromptTokens);
        Counter(text, "oinf_gateway_cached_prompt_tokens_total",
            "Those of them that were not computed, because an earlier sequence began alike.", heads.Tokens.CachedTokens);
        Counter(text, "oinf_gateway_draft_tokens_total", "Tokens that heads guessed ahead.", heads.Tokens.DraftedTokens);
        Counter(text, "oinf_gateway_accepted_draft_tokens_total", "Those of them that were right.", heads.Tokens.AcceptedTokens);
        return TypedResults.Text(text.ToString(), "text/plain; version=0.0.4", Encoding.UTF8);
    }

    private static void Gauge(StringBuilder text, string name, string help, long value) => Metric(text, "gauge", name, help, value);

    private static void Counter(StringBuilder text, string name, string help, long value) => Metric(text, "counter", name, help, value);

    private static void Metric(StringBuilder text, string type, string name, string help, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value}\n");
}
