namespace OrleansInference.Bench.Serving;

/// <summary>What a stream asks for; greedy.</summary>
/// <param name="Tokens">Exactly so many have to come.</param>
/// <param name="Bias">Added to tokens' logits.</param>
internal sealed record CompletionOrder(int[] Prompt, int Tokens, IReadOnlyDictionary<int, int> Bias)
{
    /// <summary>A random model may well choose a token that ends the stream; this keeps it going.</summary>
    private static readonly Dictionary<int, int> NoEnd = BenchModel.EndTokens.ToDictionary(static end => end, static _ => -100);

    public CompletionOrder(int[] prompt, int tokens) : this(prompt, tokens, NoEnd)
    {
    }

    /// <summary>So many streams with short prompts.</summary>
    public static IEnumerable<CompletionOrder> Streams(BenchModel model, int count, int tokens) =>
        Enumerable.Range(0, count).Select(_ => new CompletionOrder(model.NextPrompt(BenchOptions.PromptTokens), tokens));
}
