using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>Many streams at once.</summary>
/// <param name="counts">How many, one load after another.</param>
internal sealed class StreamsPart(string name, string description, int[] counts) : IPart
{
    public string Name => name;

    public string Description => description;

    public int Rounds => 3;

    public int Tokens => 48;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(2), new(3)], cancellation);
        var server = await bench.GetLlamaServerAsync(isSplit: false, cancellation);
        var loads = counts.Select(count => new Load(
            [.. clusters.Select((cluster, index) => Over(cluster.Client, count, Count.Stages(index + 1)))],
            server is null ? null : Over(server.Client, count, "llama-server"))).ToList();
        return new(
            [Quantity.TokensPerSecond, Quantity.Whole, Quantity.FirstToken, Quantity.TokenGap],
            [.. loads.SelectMany(load => load.Ours), .. loads.Select(load => load.Theirs).OfType<Series>()],
            [
                .. loads.SelectMany((load, index) => StageTargets(load, counts[index])),
                .. loads.SelectMany(ServerTargets),
            ],
            $"{bench.Conditions}; {tokens} tokens a stream after prompts of {BenchOptions.PromptTokens}.{bench.Programs.LeftOut}");

        Series Over(ApiClient client, int streams, string way) => new(
            $"{Count.Streams(streams)}, {way}",
            stop => StreamLoad.MeasureAsync(client, CompletionOrder.Streams(model, streams, tokens), stop));
    }

    private static IEnumerable<Target> StageTargets(Load load, int count) =>
    [
        Target.Ratio(load.Ours[1], load.Ours[0], Quantity.TokensPerSecond, least: count == 8 ? 1.7 : null),
        Target.Ratio(load.Ours[2], load.Ours[0], Quantity.TokensPerSecond),
    ];

    private static IEnumerable<Target> ServerTargets(Load load) => load.Theirs is not { } theirs ? [] :
    [
        Target.Ratio(load.Ours[0], theirs, Quantity.TokensPerSecond),
        Target.Ratio(load.Ours[0], theirs, Quantity.Whole),
    ];

    /// <summary>As many streams over one, two and three stages, and over llama.cpp's server if there is one.</summary>
    private sealed record Load(Series[] Ours, Series? Theirs);
}
