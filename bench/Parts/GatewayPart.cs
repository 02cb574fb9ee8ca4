using System.Diagnostics;
using System.Runtime;
using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Paced;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>What the gateway costs: gateway, head and data plane are the real ones, only the engine computes nothing.</summary>
internal sealed class GatewayPart : IPart
{
    private const int Streams = 16;
    private const long ClientBytes = 200_000_000;
    private const double CoreTarget = 0.5;
    private const double MillisecondTarget = 2;

    public string Name => "gateway";

    public string Description => "What 16 streams of 125 tokens/s each cost the gateway, in cores and in latency.";

    public int Rounds => 3;

    public int Tokens => 1_000;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetTinyModelAsync(cancellation);
        var served = (await bench.ServeAsync([new(1, Engine: ClusterEngine.Paced)], cancellation))[0];
        var series = new Series($"{Streams} streams", async stop =>
        {
            var pauses = await MachinePauses.MeasureAsync();
            using var gateway = Process.GetProcessById(served.GatewayProcessId);
            // The client's own pauses would count as the gateway's.
            GC.TryStartNoGCRegion(ClientBytes);
            var (cpu, started) = (gateway.TotalProcessorTime, Stopwatch.GetTimestamp());
            var streams = await served.Client.CompleteAllAsync(CompletionOrder.Streams(model, Streams, tokens), stop);
            gateway.Refresh();
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
                GC.EndNoGCRegion();
            return new()
            {
                [Quantity.GatewayCores] = [(gateway.TotalProcessorTime - cpu) / elapsed],
                [Quantity.AddedLatency] = [.. streams.SelectMany(AddedLatencies)],
                [Quantity.TokensPerSecond] = [Streams * tokens / elapsed.TotalSeconds],
                [Quantity.MachinePauses] = [pauses],
            };
        });
        return new(
            [Quantity.GatewayCores, Quantity.AddedLatency, Quantity.TokensPerSecond, Quantity.MachinePauses], [series],
            [
                new("cores of the gateway", round => series.Rounds[round][Quantity.GatewayCores][0], CoreTarget, IsLeast: false),
                new("p99, head to client, ms", WorstOf, MillisecondTarget, IsLeast: false),
            ],
            $"{Streams} streams of {tokens} tokens at {ClusterShape.Pace} tokens/s each; silo, gateway and client share the cores.");

        double WorstOf(int round) => Statistics.Percentile(series.Rounds[round][Quantity.AddedLatency], 0.99);
    }

    private static IEnumerable<double> AddedLatencies(CompletionRecord stream) =>
        stream.Texts.Zip(stream.Times, ClockTokenizer.MillisecondsSince).SelectMany(static milliseconds => milliseconds);
}
