namespace OrleansInference.Bench;

/// <param name="Rounds">Each measures every way once.</param>
/// <param name="Tokens">Tokens decoded by a stream per measurement.</param>
internal sealed record BenchOptions(string Shape, string Type, int Rounds, int Tokens)
{
    /// <summary>Prompt tokens where decoding is measured; the same for every way.</summary>
    public const int PromptTokens = 16;

    /// <summary>Positions of the bare context.</summary>
    public const int ContextLength = 512;
}
