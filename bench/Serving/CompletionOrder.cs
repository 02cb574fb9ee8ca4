namespace OrleansInference.Bench.Serving;

/// <summary>What a stream asks for; greedy.</summary>
/// <param name="Tokens">Exactly so many have to come.</param>
/// <param name="Bias">Added to tokens' logits.</param>
internal sealed record CompletionOrder(int[] Prompt, int Tokens, IReadOnlyDictionary<int, int> Bias)
{
    /// <summary>A random model may well choose a token that ends the stream; a bias keeps it going.</summary>
    public CompletionOrder(int[] prompt, int tokens) : this(prompt, tokens, BenchModel.EndTokens.ToDictionary(static end => end, static _ => -100))
    {
    }
}
