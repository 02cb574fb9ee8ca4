using System.Text;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// How a byte-pair vocabulary splits text into words. llama.cpp has hand-written splitters for the common kinds; for the others it uses
/// std::regex, which takes stack for every character of a word: one of some 30,000 letters ends the process.
/// </summary>
internal static unsafe class PreTokenizer
{
    public const int MaximumRunLength = 8192;

    private const int BytePairVocabulary = 2;
    private const int MaximumNameLength = 64;

    private static readonly HashSet<string> s_handWritten = new(StringComparer.Ordinal)
    {
        "llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "dbrx", "smaug-bpe", "gpt-2", "phi-2", "mpt", "olmo", "starcoder",
        "refact", "command-r", "smollm", "stablelm2", "qwen2", "deepseek-r1-qwen", "qwen35",
    };

    public static bool SplitsRecursively(SliceModel model)
    {
        if (LlamaNative.llama_vocab_type(LlamaNative.llama_model_get_vocab(model.Handle)) != BytePairVocabulary)
            return false;
        var buffer = stackalloc byte[MaximumNameLength];
        var length = LlamaNative.llama_model_meta_val_str(model.Handle, "tokenizer.ggml.pre", buffer, MaximumNameLength);
        return length is < 0 or >= MaximumNameLength || !s_handWritten.Contains(Encoding.UTF8.GetString(buffer, length));
    }

    /// <exception cref="ArgumentException">More characters may be one word than can be split: without a change between space and no space,
    /// or only slashes and line ends, which some splitters put into one word.</exception>
    public static void RequireShortRuns(string text)
    {
        RequireShortRuns(
            text, (last, next) => char.IsWhiteSpace(last) == char.IsWhiteSpace(next), "in a row without a space (or only spaces)");
        RequireShortRuns(text, (last, next) => IsSlashOrLineEnd(last) && IsSlashOrLineEnd(next), "in a row that are slashes or line ends");
    }

    private static void RequireShortRuns(string text, Func<char, char, bool> goesOn, string what)
    {
        var start = 0;
        for (var index = 1; index <= text.Length; index++)
        {
            if (index < text.Length && goesOn(text[index - 1], text[index]))
                continue;
            if (index - start > MaximumRunLength)
                throw new ArgumentException(
                    $"The text has {index - start} characters {what}; this model's vocabulary takes {MaximumRunLength}.");
            start = index;
        }
    }

    private static bool IsSlashOrLineEnd(char character) => character is '/' or '\r' or '\n';
}
