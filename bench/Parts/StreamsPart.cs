using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>Many streams at once.</summary>
internal sealed class StreamsPart : IPart
{
    public string Name => "streams";

    public string Description => "Decoding of 8 and of 16 streams at once, over HTTP.";

    public int Rounds => 3;

    public int Tokens => 48;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(2), new(3)], cancellation);
        Series[] eight = [.. clusters.Select((cluster, index) => Over(cluster.Client, 8, Count.Stages(index + 1)))];
        Series[] sixteen = [.. clusters.Select((cluster, index) => Over(cluster.Client, 16, Count.Stages(index + 1)))];
        Series[] theirs = await bench.GetLlamaServerAsync(isSplit: false, cancellation) is { } server
            ? [Over(server.Client, 8, "llama-server"), Over(server.Client, 16, "llama-server")] : [];
        return new(
            [Quantity.TokensPerSecond, Quantity.Whole, Quantity.FirstToken, Quantity.TokenGap], [.. eight, .. sixteen, .. theirs],
            [
                Target.Ratio(eight[1], eight[0], Quantity.TokensPerSecond, least: 1.7),
                Target.Ratio(eight[2], eight[0], Quantity.TokensPerSecond),
                Target.Ratio(sixteen[1], sixteen[0], Quantity.TokensPerSecond),
                Target.Ratio(sixteen[2], sixteen[0], Quantity.TokensPerSecond),
                .. theirs.Zip([eight[0], sixteen[0]], (their, our) => Target.Ratio(our, their, Quantity.TokensPerSecond)),
                .. theirs.Zip([eight[0], sixteen[0]], (their, our) => Target.Ratio(our, their, Quantity.Whole)),
            ],
            $"{bench.Conditions}; {tokens} tokens a stream after prompts of {BenchOptions.PromptTokens}.{bench.Programs.LeftOut}");

        Series Over(ApiClient client, int streams, string name) => new(
            $"{Count.Streams(streams)}, {name}",
            stop => StreamLoad.MeasureAsync(client, CompletionOrder.Streams(model, streams, tokens), stop));
    }
}
