using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>What sampling parameters may be. Checked before native code sees them.</summary>
internal static class SamplingLimits
{
    public const int MaximumTopLogProbabilities = 20;
    public const int MaximumPenaltyWindow = 65_536;
    public const int MaximumLogitBiases = 1024;

    /// <exception cref="ArgumentException">A parameter is out of its range; the message names both.</exception>
    public static void Require(SamplingParameters sampling, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        RequireRange("temperature", sampling.Temperature, 0, 2);
        RequireRange("top-p", sampling.TopP, 0, 1);
        RequireRange("min-p", sampling.MinP, 0, 1);
        RequireRange("repeat penalty", sampling.RepeatPenalty, 0.01f, 100);
        RequireRange("frequency penalty", sampling.FrequencyPenalty, -2, 2);
        RequireRange("presence penalty", sampling.PresencePenalty, -2, 2);
        RequireRange("top-k", sampling.TopK, 0, int.MaxValue);
        RequireRange("penalty window", sampling.PenaltyWindow, 0, MaximumPenaltyWindow);
        RequireRange("number of top log probabilities", sampling.TopLogProbabilities, 0, MaximumTopLogProbabilities);
        if (sampling.LogitBias.IsDefaultOrEmpty)
            return;
        RequireRange("number of logit biases", sampling.LogitBias.Length, 0, MaximumLogitBiases);
        foreach (var (token, bias) in sampling.LogitBias)
        {
            if (!IsToken(token, vocabularySize))
                throw new ArgumentException($"Token {token} of the logit biases is not in the vocabulary of 0 to {vocabularySize - 1}.");
            RequireRange($"logit bias of token {token}", bias, -100, 100);
        }
    }

    public static void RequireToken(int token, int vocabularySize)
    {
        if (!IsToken(token, vocabularySize))
            throw new ArgumentException($"Token {token} is not in the vocabulary of {vocabularySize}.");
    }

    private static bool IsToken(int token, int vocabularySize) => (uint)token < (uint)vocabularySize;

    private static void RequireRange(string what, float value, float minimum, float maximum)
    {
        if (!(value >= minimum && value <= maximum))
            throw new ArgumentException($"The {what} is {value}; it must be from {minimum} to {maximum}.");
    }

    private static void RequireRange(string what, int value, int minimum, int maximum)
    {
        if (value < minimum || value > maximum)
            throw new ArgumentException($"The {what} is {value}; it must be from {minimum} to {maximum}.");
    }
}
