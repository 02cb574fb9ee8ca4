using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Chat;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>Turns the tokens of one completion into the lists of text completions, piece after piece.</summary>
internal sealed class TextLogProbabilityWriter
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private int _offset;

    public TextLogProbabilities Next(ImmutableArray<TokenLogProbability> tokens)
    {
        var offsets = new int[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            offsets[i] = _offset;
            // A token that ends in half a character counts when the next one completes it.
            var bytes = tokens[i].Bytes.AsSpan();
            var characters = _decoder.GetCharCount(bytes, flush: false);
            _decoder.GetChars(bytes, new char[characters], flush: false);
            _offset += characters;
        }

        return new(
            [.. tokens.Select(token => NameOf(token.Bytes))],
            [.. tokens.Select(token => ChatLogProbabilities.Finite(token.LogProbability))],
            [.. tokens.Select(AlternativesOf)], offsets);
    }

    /// <summary>
    /// Keyed by the token's text, as OpenAI does, and with the token itself, so one more than asked for where it is none of the likeliest.
    /// Two tokens of the same text keep the likelier.
    /// </summary>
    private static Dictionary<string, float> AlternativesOf(TokenLogProbability token)
    {
        var alternatives = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var alternative in token.Alternatives.OrderByDescending(one => one.LogProbability))
            alternatives.TryAdd(NameOf(alternative.Bytes), ChatLogProbabilities.Finite(alternative.LogProbability));
        alternatives.TryAdd(NameOf(token.Bytes), ChatLogProbabilities.Finite(token.LogProbability));
        return alternatives;
    }

    /// <summary>A token's text, or bytes:\xe2\x82 where it is half a character, as OpenAI writes it.</summary>
    private static string NameOf(ImmutableArray<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes.AsSpan());
        return text.Contains('\uFFFD', StringComparison.Ordinal)
            ? "bytes:" + string.Concat(bytes.Select(one => "\\x" + one.ToString("x2", CultureInfo.InvariantCulture)))
            : text;
    }
}
