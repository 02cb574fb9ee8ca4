using System.Text;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>
/// Refuses the vocabularies on which the runtime stops the whole process, when it loads them or at some text. Others that it cannot load it
/// refuses itself.
/// </summary>
public static class VocabularyCheck
{
    private const string ModelKey = "tokenizer.ggml.model";
    private const string SplitterKey = "tokenizer.ggml.pre";
    private const string TokensKey = "tokenizer.ggml.tokens";
    private const string SentencePiece = "llama";
    private const string BytePair = "gpt2";

    /// <summary>What llama.cpp takes for the first and the last token of a text where the file names none.</summary>
    private const int BytePairDefault = 11;

    /// <param name="vocabularySize">Rows of the embedding table.</param>
    /// <exception cref="ModelFormatException">The vocabulary is missing, of a kind that is not supported, or not whole.</exception>
    public static void Require(GgufMetadata metadata, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var model = metadata.GetString(ModelKey);
        if (model is "no_vocab" or "none")
            throw metadata.Fault(ModelKey, "the model has no tokenizer");
        if (model is not (SentencePiece or BytePair))
            throw metadata.Fault(ModelKey, $"'{model}' is not supported; supported are {SentencePiece} and {BytePair}");

        var splitter = model == BytePair ? metadata.FindString(SplitterKey) : null;
        RequireSplitter(metadata, splitter);
        var tokens = ReadTokens(metadata, vocabularySize);
        if (model == SentencePiece)
            RequireBytes(metadata, tokens);
        else if (tokens.Count <= BytePairDefault)
            throw metadata.Fault(TokensKey, $"has {tokens.Count} tokens; {BytePair} vocabularies need at least {BytePairDefault + 1}");
        RequireAddedToken(metadata, "bos", model == SentencePiece ? 1 : splitter is "glm4" or "chatglm-bpe" ? null : BytePairDefault, tokens);
        RequireAddedToken(metadata, "eos", model == SentencePiece ? 2 : BytePairDefault, tokens);
    }

    private static void RequireSplitter(GgufMetadata metadata, string? splitter)
    {
        if (splitter == "exaone-moe")
            throw metadata.Fault(SplitterKey, $"'{splitter}' is not supported: llama.cpp takes a text of many words for one, however long");
        if (splitter == "whitespace")
            throw metadata.Fault(SplitterKey, $"'{splitter}' is not supported: llama.cpp cannot split a text with two spaces in a row");
    }

    /// <summary>
    /// The index of each token by its text, a character for each byte, as llama.cpp takes it: up to a NUL, with a name instead of nothing.
    /// </summary>
    private static Dictionary<string, int> ReadTokens(GgufMetadata metadata, int vocabularySize)
    {
        var array = metadata.GetArray(TokensKey);
        if (array.ElementType != GgufValueType.String)
            throw metadata.Fault(TokensKey, $"holds {array.ElementType}, where strings are needed");
        if (array.Count != vocabularySize)
            throw metadata.Fault(TokensKey, $"has {array.Count} tokens, but '{TensorNames.Embedding}' has {vocabularySize} rows");

        var tokens = new Dictionary<string, int>(array.Count, StringComparer.Ordinal);
        foreach (var whole in array.Strings(Encoding.Latin1))
        {
            var index = tokens.Count;
            var end = whole.IndexOf('\0', StringComparison.Ordinal);
            var text = end < 0 ? whole : whole[..end];
            if (text.Length == 0)
                text = $"[EMPTY_{index}]";
            if (!tokens.TryAdd(text, index))
                throw metadata.Fault(
                    TokensKey, $"tokens {tokens[text]} and {index} are the same{(end < 0 ? "" : " up to a NUL")}; all must be different");
        }

        return tokens;
    }

    /// <summary>What no token spells is spelt in bytes.</summary>
    private static void RequireBytes(GgufMetadata metadata, Dictionary<string, int> tokens)
    {
        for (var value = 0; value <= byte.MaxValue; value++)
        {
            var name = $"<0x{value:X2}>";
            if (!tokens.ContainsKey(name) && !tokens.ContainsKey(((char)value).ToString()))
                throw metadata.Fault(TokensKey, $"there is no token '{name}'; {SentencePiece} vocabularies need one for every byte");
        }
    }

    /// <param name="role">"bos" or "eos", as in the keys' names.</param>
    /// <param name="fallback">The token that llama.cpp takes where the key is missing; null for none.</param>
    private static void RequireAddedToken(GgufMetadata metadata, string role, int? fallback, Dictionary<string, int> tokens)
    {
        var key = $"tokenizer.ggml.{role}_token_id";
        var addKey = $"tokenizer.ggml.add_{role}_token";
        if (metadata.FindBoolean(addKey) is not true)
            return;
        if ((metadata.FindInteger(key) ?? fallback) is not { } token)
            throw metadata.Fault(key, $"the metadata key is missing, but {addKey} asks for it");
        if (token < 0 || token >= tokens.Count)
            throw metadata.Fault(key, $"is {token}, but {addKey} asks for one of the tokens 0 to {tokens.Count - 1}");
    }
}
