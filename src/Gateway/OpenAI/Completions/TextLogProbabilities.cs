namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>Log probabilities as text completions give them: four lists of equal length.</summary>
/// <param name="TopLogprobs">Per token, the likeliest tokens and itself, with their log probabilities.</param>
/// <param name="TextOffset">Where each token starts in the completion, in UTF-16 code units.</param>
internal sealed record TextLogProbabilities(
    IReadOnlyList<string> Tokens, IReadOnlyList<float> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>> TopLogprobs,
    IReadOnlyList<int> TextOffset);
