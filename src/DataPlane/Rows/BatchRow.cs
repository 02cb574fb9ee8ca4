namespace OrleansInference.DataPlane.Rows;

/// <summary>One row of a batch: the next position of the sequence in a slot.</summary>
/// <param name="Slot">The pipeline's slot, 0 to slots - 1; the same number on every stage.</param>
/// <param name="Position">The row's position in its sequence, 0 first.</param>
/// <param name="Sample">Whether the last stage samples a token from this row.</param>
public readonly record struct BatchRow(int Slot, int Position, bool Sample);

/// <summary>A token that the last stage sampled: it belongs at <paramref name="Position"/>, one after the row it was drawn from.</summary>
/// <param name="LogProbability">Natural logarithm, of the model's distribution before sampling filters; NaN when not asked for.</param>
/// <param name="Alternatives">The likeliest tokens, when asked for.</param>
public readonly record struct SampledToken(int Slot, int Position, int Token, float LogProbability, TokenProbability[]? Alternatives);

public readonly record struct TokenProbability(int Token, float LogProbability);
