using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>
/// The second turn of a conversation: the first turn's prompt, its answer, and a question more. The answer has to be known as tokens, so a
/// bias makes it one word over and over.
/// </summary>
internal sealed class PrefixPart : IPart
{
    private const int HistoryTokens = 1_000;
    private const int QuestionTokens = 16;

    public string Name => "prefix";

    public string Description => "Time to the first token of a second turn on a history of about 1,000 tokens, against the first turn.";

    public int Rounds => 3;

    public int Tokens => 16;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1), new(2)], cancellation);
        Series[][] pairs = [.. clusters.Select((cluster, index) => TurnsOf(Count.Stages(index + 1), cluster.Client))];
        if (await bench.GetLlamaServerAsync(isSplit: false, cancellation) is { } server)
            pairs = [.. pairs, TurnsOf("llama-server", server.Client)];
        return new(
            [Quantity.FirstToken, Quantity.CachedTokens], [.. pairs.SelectMany(static pair => pair)],
            [.. pairs.Select(static (pair, index) => Target.Ratio(pair[1], pair[0], Quantity.FirstToken, most: index < 2 ? 0.15 : null))],
            $"{bench.Conditions}; a first prompt of {HistoryTokens} tokens, {tokens} of answer, {QuestionTokens} of the next question."
            + bench.Programs.LeftOut);

        Series[] TurnsOf(string name, ApiClient client)
        {
            var history = Array.Empty<int>();
            return
            [
                new($"{name}, first turn", stop => AskAsync(client, history = model.NextPrompt(HistoryTokens), stop)),
                new($"{name}, second turn", stop => AskAsync(
                    client, [.. history, .. Enumerable.Repeat(BenchModel.FirstWord, tokens), .. model.NextPrompt(QuestionTokens)], stop)),
            ];
        }

        async Task<Measurement> AskAsync(ApiClient client, int[] prompt, CancellationToken stop)
        {
            var record = await client.CompleteAsync(new(prompt, tokens, new Dictionary<int, int> { [BenchModel.FirstWord] = 100 }), stop);
            return new() { [Quantity.FirstToken] = [record.FirstTokenMilliseconds], [Quantity.CachedTokens] = [record.CachedTokens] };
        }
    }
}
