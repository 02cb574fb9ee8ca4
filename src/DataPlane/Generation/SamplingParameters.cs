using System.Collections.Immutable;

namespace OrleansInference.DataPlane.Generation;

/// <summary>How the last stage turns logits into a token. The defaults change nothing: plain sampling at temperature 1.</summary>
public sealed record SamplingParameters
{
    private const float LeastTemperature = 1e-6f;

    public static SamplingParameters Greedy { get; } = new() { Temperature = 0 };

    /// <summary>
    /// Below 0.000001 greedy (the largest logit, the lowest token id on a tie); otherwise logits are divided by it. 0 to 2.
    /// </summary>
    public float Temperature { get; init; } = 1;

    /// <summary>
    /// Whether the largest logit is taken without a draw: a temperature near 0 comes to the same, but logits divided by it might not be
    /// numbers.
    /// </summary>
    public bool IsGreedy => Temperature < LeastTemperature;

    /// <summary>Keep the k likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the likeliest tokens whose probabilities add up to this; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keep tokens at least this share as likely as the likeliest; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>llama.cpp's repeat penalty over the last <see cref="PenaltyWindow"/> tokens; 1 is off.</summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>Subtracted from a token's logit once per occurrence in the window; -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from a token's logit if it occurs in the window; -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Tokens (prompt and generated) that the penalties look back on.</summary>
    public int PenaltyWindow { get; init; } = 64;

    /// <summary>Added to the logits of single tokens before everything else.</summary>
    public ImmutableArray<LogitBias> LogitBias { get; init; } = [];

    /// <summary>Key of the counter-based draw: the token at a position depends on (seed, position) and the logits alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether the sampled token's log probability is wanted.</summary>
    public bool LogProbabilities { get; init; }

    /// <summary>How many of the likeliest tokens to report beside the sampled one; 0 to 20.</summary>
    public int TopLogProbabilities { get; init; }
}

/// <summary>A bias on one token's logit, -100 to 100.</summary>
public readonly record struct LogitBias(int Token, float Bias);
