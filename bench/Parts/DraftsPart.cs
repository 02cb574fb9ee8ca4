using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>
/// One stream whose text repeats itself, with drafts and without. A model with random weights does not repeat itself, so only a few words
/// are left to it, by a bias: which of them comes next depends mostly on the last one, and so they soon go round in a circle.
/// </summary>
internal sealed class DraftsPart : IPart
{
    private const int Words = 4;
    private const int FirstWord = 1_000;

    public string Name => "drafts";

    public string Description => "Decoding of one stream that repeats itself, with drafts and without.";

    public int Rounds => 3;

    public int Tokens => 128;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(1, HasDrafts: true), new(3), new(3, HasDrafts: true)], cancellation);
        var bias = Enumerable.Range(FirstWord, Words).ToDictionary(static word => word, static _ => 100);
        string[] names = ["1 stage", "1 stage, drafts", "3 stages", "3 stages, drafts"];
        Series[] all =
        [
            .. clusters.Zip(names, (cluster, name) => new Series(name, stop => StreamLoad.MeasureAsync(
                cluster.Client, [new(model.NextPrompt(BenchOptions.PromptTokens), tokens, bias)], stop))),
        ];
        return new(
            [Quantity.TokensPerSecond, Quantity.FirstToken, Quantity.TokenGap], all,
            [
                Target.Ratio(all[1], all[0], Quantity.TokensPerSecond),
                Target.Ratio(all[3], all[2], Quantity.TokensPerSecond, least: 1.5),
            ],
            $"{bench.ModelName}; stages of one thread; one stream of {tokens} tokens after a prompt of {BenchOptions.PromptTokens}.");
    }
}
