using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>One stream: the bare natives, our API with one to three stages, and llama.cpp's own programs.</summary>
internal sealed class DecodePart : IPart
{
    public string Name => "decode";

    public string Description => "Decoding of one stream, over HTTP, against a bare llama.cpp context and llama.cpp's own programs.";

    public int Rounds => 7;

    public int Tokens => 64;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var context = await bench.GetBareAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(2), new(3)], cancellation);
        var bare = new Series("bare context", _ => Task.FromResult(new Measurement
        {
            [Quantity.TokensPerSecond] = [context.Decode(model.NextPrompt(BenchOptions.PromptTokens), tokens)],
        }));
        Series[] ours = [.. clusters.Select((cluster, index) => Over($"HTTP, {Count.Stages(index + 1)}", cluster.Client))];
        var theirs = new List<Series>();
        if (await bench.GetLlamaBenchAsync(cancellation) is { } program)
        {
            theirs.Add(new Series("llama-bench", async stop =>
                new() { [Quantity.TokensPerSecond] = [await program.MeasureAsync(promptTokens: 0, tokens, stop)] }));
        }

        if (await bench.GetLlamaServerAsync(isSplit: false, cancellation) is { } whole)
            theirs.Add(Over("llama-server", whole.Client));
        if (await bench.GetLlamaServerAsync(isSplit: true, cancellation) is { } split)
            theirs.Add(Over("llama-server, 2 RPC servers", split.Client));

        return new(
            [Quantity.TokensPerSecond, Quantity.FirstToken, Quantity.TokenGap], [bare, .. ours, .. theirs],
            [
                Target.Ratio(ours[0], bare, Quantity.TokensPerSecond, least: 0.97),
                Target.Ratio(ours[1], bare, Quantity.TokensPerSecond),
                Target.Ratio(ours[2], bare, Quantity.TokensPerSecond, least: 0.95),
                .. theirs.Select(one => Target.Ratio(one, bare, Quantity.TokensPerSecond)),
            ],
            $"{bench.Conditions}; {tokens} tokens after a prompt of {BenchOptions.PromptTokens}.{bench.Programs.LeftOut}");

        Series Over(string name, ApiClient client) =>
            new(name, stop => StreamLoad.MeasureAsync(client, CompletionOrder.Streams(model, 1, tokens), stop));
    }
}
