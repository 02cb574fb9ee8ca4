using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>The first token of a long prompt.</summary>
internal sealed class PrefillPart : IPart
{
    private const int PromptTokens = 1_024;

    public string Name => "prefill";

    public string Description => "Time to the first token of a prompt of 1,024 tokens, over HTTP.";

    public int Rounds => 3;

    /// <summary>The first token is all that is wanted; a second one ends the wait for it.</summary>
    public int Tokens => 2;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(2), new(3)], cancellation);
        Series[] ours = [.. clusters.Select((cluster, index) => Over(Count.Stages(index + 1), cluster.Client))];
        var theirs = new List<Series>();
        if (await bench.GetLlamaBenchAsync(cancellation) is { } program)
        {
            theirs.Add(new Series(
                "llama-bench", async stop => MeasurementOf(PromptTokens / await program.MeasureAsync(PromptTokens, tokens: 0, stop))));
        }

        if (await bench.GetLlamaServerAsync(isSplit: false, cancellation) is { } whole)
            theirs.Add(Over("llama-server", whole.Client));
        if (await bench.GetLlamaServerAsync(isSplit: true, cancellation) is { } split)
            theirs.Add(Over("llama-server, 2 RPC servers", split.Client));

        return new(
            [Quantity.FirstToken, Quantity.TokensPerSecond], [.. ours, .. theirs],
            [
                Target.Ratio(ours[1], ours[0], Quantity.FirstToken, most: 0.6),
                Target.Ratio(ours[2], ours[0], Quantity.FirstToken),
                .. theirs.Select(one => Target.Ratio(one, ours[0], Quantity.FirstToken)),
            ],
            $"{bench.Conditions}; prompts of {PromptTokens} tokens, one at a time.{bench.Programs.LeftOut}");

        Series Over(string name, ApiClient client) => new(name, async stop =>
        {
            var record = await client.CompleteAsync(new(model.NextPrompt(PromptTokens), tokens), stop);
            return MeasurementOf(record.FirstTokenMilliseconds / 1e3);
        });
    }

    private static Measurement MeasurementOf(double seconds) => new()
    {
        [Quantity.FirstToken] = [seconds * 1e3],
        [Quantity.TokensPerSecond] = [PromptTokens / seconds],
    };
}
