using System.Text;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>
/// A model whose next token is a hash of the whole sequence so far, computed layer by layer: every layer keeps a running hash per
/// sequence, so a row that is lost, doubled, out of order or of another sequence changes everything that follows.
/// </summary>
internal static class FakeModel
{
    public const int LayerCount = 6;
    public const int HiddenSize = 4;
    public const int VocabularySize = 100;
    public const int EndToken = 99;
    public const string ContentHash = "0fa4e-the-only-one";

    /// <summary>Below 2^24, so that a hash survives as a float.</summary>
    private const long Modulus = 8_388_593;

    /// <summary>Printable characters, the halves of an é, a euro sign, a word, and the end.</summary>
    public static byte[] PieceOf(int token) => token switch
    {
        < 95 => [(byte)(' ' + token)],
        95 => [0xC3],
        96 => [0xA9],
        97 => Encoding.UTF8.GetBytes("€"),
        98 => Encoding.UTF8.GetBytes(" again"),
        _ => [],
    };

    public static int[] Tokenize(string text) => [.. text.Select(character => character is >= ' ' and <= '~' ? character - ' ' : 97)];

    public static string TextOf(IEnumerable<int> tokens) => Encoding.UTF8.GetString([.. tokens.SelectMany(PieceOf)]);

    public static long Enter(int token) => token + 1;

    /// <summary>A layer's running hash of a sequence after one more row, which is also what the next layer sees.</summary>
    public static long Advance(int layer, long state, long input) => (state * 31 + input * 7 + layer + 3) % Modulus;

    public static int Sample(long hash) => (int)(hash * 2_654_435_761 % 4_294_967_296 % VocabularySize);

    /// <summary>The tokens that the whole model generates greedily, the end token included when it comes.</summary>
    public static List<int> Complete(IReadOnlyList<int> prompt, int maximumTokens)
    {
        var states = new long[LayerCount];
        var generated = new List<int>();
        for (var position = 0; generated.Count < maximumTokens; position++)
        {
            var value = Enter(position < prompt.Count ? prompt[position] : generated[position - prompt.Count]);
            for (var layer = 0; layer < LayerCount; layer++)
                value = states[layer] = Advance(layer, states[layer], value);
            if (position < prompt.Count - 1)
                continue;
            generated.Add(Sample(value));
            if (generated[^1] == EndToken)
                break;
        }
        return generated;
    }

    /// <summary>A prompt after which the model goes on for at least so many tokens.</summary>
    public static string PromptOf(int number, int leastTokens = 0)
    {
        for (var attempt = 0; ; attempt++)
        {
            var prompt = $"prompt {number} {attempt} {new string('x', number * 7 % 40)}";
            if (Complete(Tokenize(prompt), leastTokens + 1).Count > leastTokens)
                return prompt;
        }
    }
}
