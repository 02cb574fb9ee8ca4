using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>What distance between the silos costs.</summary>
internal sealed class DelayPart : IPart
{
    private const int StageCount = 3;
    private const int Streams = 8;

    private static readonly int[] Delays = [0, 1, 5, 20];

    public string Name => "delay";

    public string Description => "Decoding of 8 streams over 3 stages whose links are 0, 1, 5 and 20 ms long.";

    public int Rounds => 3;

    public int Tokens => 48;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        ClusterShape[] shapes = [.. Delays.Select(delay => new ClusterShape(StageCount, delay))];
        var clusters = await bench.ServeAsync(shapes, cancellation);
        Series[] all =
        [
            .. clusters.Zip(shapes, (cluster, shape) => new Series($"{shape.DelayMilliseconds} ms", stop => StreamLoad.MeasureAsync(
                cluster.Client, CompletionOrder.Streams(model, Streams, tokens), stop))),
        ];
        return new(
            [Quantity.TokensPerSecond, Quantity.FirstToken, Quantity.TokenGap], all,
            [
                Target.Ratio(all[1], all[0], Quantity.TokensPerSecond),
                Target.Ratio(all[2], all[0], Quantity.TokensPerSecond, least: 0.8),
                Target.Ratio(all[3], all[0], Quantity.TokensPerSecond),
            ],
            $"{bench.Conditions}; {StageCount} stages; {Streams} streams of {tokens} tokens after prompts of {BenchOptions.PromptTokens}.");
    }
}
