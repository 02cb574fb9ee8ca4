using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.RandomModels;

/// <summary>
/// A SentencePiece vocabulary that can spell any text: control tokens, 256 bytes, then runs of letters, each reachable by merging.
/// </summary>
internal static class RandomVocabulary
{
    /// <summary>Tokens that every vocabulary has: 5 control tokens, 256 bytes, the space mark and 26 letters.</summary>
    public const int LeastSize = 5 + 256 + 1 + 26;

    private const char Space = '▁';
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int Byte = 6;

    private const string ChatTemplate =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    public static void AddKeys(GgufWriter writer, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, LeastSize);
        var tokens = ControlTokens().Concat(Bytes()).Concat(Runs()).Take(size).ToArray();
        writer.SetString("tokenizer.ggml.model", "llama");
        writer.SetStrings("tokenizer.ggml.tokens", [.. tokens.Select(token => token.Text)]);
        writer.SetFloats("tokenizer.ggml.scores", [.. Enumerable.Range(0, size).Select(index => -(float)index)]);
        writer.SetInt32s("tokenizer.ggml.token_type", [.. tokens.Select(token => token.Type)]);
        writer.SetUInt32("tokenizer.ggml.bos_token_id", 1);
        writer.SetUInt32("tokenizer.ggml.eos_token_id", 2);
        writer.SetUInt32("tokenizer.ggml.unknown_token_id", 0);
        writer.SetUInt32("tokenizer.ggml.eot_token_id", 4);
        writer.SetBoolean("tokenizer.ggml.add_bos_token", true);
        writer.SetBoolean("tokenizer.ggml.add_space_prefix", false);
        writer.SetString("tokenizer.chat_template", ChatTemplate);
    }

    private static IEnumerable<(string Text, int Type)> ControlTokens() =>
        [("<unk>", Unknown), ("<s>", Control), ("</s>", Control), ("<|im_start|>", Control), ("<|im_end|>", Control)];

    private static IEnumerable<(string Text, int Type)> Bytes() => Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", Byte));

    /// <summary>The space mark, then runs of 1, 2, 3… letters, each with and without the mark before it.</summary>
    private static IEnumerable<(string Text, int Type)> Runs()
    {
        yield return (Space.ToString(), Normal);
        string[] shorter = [""];
        while (true)
        {
            var runs = shorter.SelectMany(_ => Enumerable.Range('a', 26), (run, letter) => run + (char)letter).ToArray();
            foreach (var run in runs)
                yield return (run, Normal);
            foreach (var run in runs)
                yield return (Space + run, Normal);
            shorter = runs;
        }
    }
}
