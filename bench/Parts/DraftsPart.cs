using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>
/// One stream whose text repeats itself, with drafts and without. The text of random weights does not, so a bias leaves only a few words to
/// the model.
/// </summary>
internal sealed class DraftsPart : IPart
{
    /// <summary>Every draft is right.</summary>
    private static readonly Dictionary<int, int> OneWord = new() { [BenchModel.FirstWord] = 100 };

    /// <summary>Another word now and then.</summary>
    private static readonly Dictionary<int, int> MostlyOneWord =
        Enumerable.Range(BenchModel.FirstWord, 4).ToDictionary(static word => word, static word => word == BenchModel.FirstWord ? 100 : 95);

    /// <summary>Nearly every draft is wrong.</summary>
    private static readonly Dictionary<int, int> EightWords =
        Enumerable.Range(BenchModel.FirstWord, 8).ToDictionary(static word => word, static _ => 100);

    public string Name => "drafts";

    public string Description => "Decoding of one stream that repeats itself, with drafts and without.";

    public int Rounds => 3;

    public int Tokens => 96;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(1, HasDrafts: true), new(3), new(3, HasDrafts: true)], cancellation);
        Series[] one =
        [
            Over(clusters[0], "1 stage", MostlyOneWord), Over(clusters[1], "1 stage, drafts, mostly one word", MostlyOneWord),
            Over(clusters[1], "1 stage, drafts, one word", OneWord),
        ];
        var without = Over(clusters[2], "3 stages", MostlyOneWord);
        Series[] three =
        [
            Over(clusters[3], "3 stages, drafts, mostly one word", MostlyOneWord), Over(clusters[3], "3 stages, drafts, one word", OneWord),
            Over(clusters[3], "3 stages, drafts, eight words", EightWords),
        ];
        return new(
            [Quantity.TokensPerSecond, Quantity.GuessesRight, Quantity.TokenGap], [.. one, without, .. three],
            [
                Target.Ratio(one[1], one[0], Quantity.TokensPerSecond),
                Target.Ratio(one[2], one[0], Quantity.TokensPerSecond),
                Target.Ratio(three[1], without, Quantity.TokensPerSecond, least: 1.5),
                Target.Ratio(three[0], without, Quantity.TokensPerSecond, least: 1.5),
                Target.Ratio(three[2], without, Quantity.TokensPerSecond),
            ],
            $"{bench.Conditions}; one stream of {tokens} tokens after a prompt of {BenchOptions.PromptTokens}.");

        Series Over(ServedModel served, string name, Dictionary<int, int> bias) => new(name, stop => StreamLoad.MeasureAsync(
            served.Client, [new(model.NextPrompt(BenchOptions.PromptTokens), tokens, bias)], stop));
    }
}
