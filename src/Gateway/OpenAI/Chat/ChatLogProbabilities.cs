using System.Text;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>Log probabilities as chat completions give them.</summary>
internal sealed record ChatLogProbabilities(IReadOnlyList<ChatTokenLogProbability> Content)
{
    /// <summary>Part of OpenAI's shape; nothing is ever refused here.</summary>
    public IReadOnlyList<ChatTokenLogProbability>? Refusal { get; }

    public static ChatLogProbabilities Of(IEnumerable<TokenLogProbability> tokens) => new([.. tokens.Select(Of)]);

    private static ChatTokenLogProbability Of(TokenLogProbability token) => new(
        Encoding.UTF8.GetString(token.Bytes.AsSpan()), Finite(token.LogProbability), Numbers(token.Bytes),
        [.. token.Alternatives.Select(alternative => new ChatAlternativeToken(
            Encoding.UTF8.GetString(alternative.Bytes.AsSpan()), Finite(alternative.LogProbability), Numbers(alternative.Bytes)))]);

    /// <summary>JSON has no minus infinity; OpenAI says -9999 for "very unlikely".</summary>
    internal static float Finite(float logProbability) => float.IsFinite(logProbability) ? logProbability : -9999;

    private static int[] Numbers(IEnumerable<byte> bytes) => [.. bytes.Select(one => (int)one)];
}

internal sealed record ChatTokenLogProbability(
    string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatAlternativeToken> TopLogprobs);

internal sealed record ChatAlternativeToken(string Token, float Logprob, IReadOnlyList<int> Bytes);
