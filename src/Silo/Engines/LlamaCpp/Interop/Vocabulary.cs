using System.Runtime.InteropServices;
using System.Text;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// A vocabulary's native calls. Thread-safe: the native vocabulary never changes, and lives until the last call has ended.
/// </summary>
internal sealed unsafe class Vocabulary(SliceModel model) : IDisposable
{
    private const int StackTokens = 512;
    private const int ControlAttributes = (1 << 0) | (1 << 3);
    private const int UserDefinedAttribute = 1 << 4;
    private const int LeftStripAttribute = 1 << 7;
    private const int RightStripAttribute = 1 << 8;

    private readonly nint _vocabulary = LlamaNative.llama_model_get_vocab(model.Handle);
    private readonly bool _splitsRecursively = PreTokenizer.SplitsRecursively(model);

    public int Size { get; } = model.VocabularySize;

    /// <summary>The token that begins every text; null for a vocabulary without one.</summary>
    public int? BeginToken
    {
        get
        {
            using var lease = new Lease(model.Handle);
            var token = LlamaNative.llama_vocab_bos(_vocabulary);
            return LlamaNative.llama_vocab_get_add_bos(_vocabulary) != 0 && token >= 0 ? token : null;
        }
    }

    /// <summary>The model's own chat template; null for none.</summary>
    public string? ChatTemplate
    {
        get
        {
            using var lease = new Lease(model.Handle);
            return Marshal.PtrToStringUTF8((nint)LlamaNative.llama_model_chat_template(model.Handle, null));
        }
    }

    /// <summary>The text of the token that begins texts, added by itself or not; empty for a vocabulary without one.</summary>
    public string BeginText => TextOf(LlamaNative.llama_vocab_bos(_vocabulary));

    /// <summary>The text of the token that ends texts; empty for a vocabulary without one.</summary>
    public string EndText => TextOf(LlamaNative.llama_vocab_eos(_vocabulary));

    /// <exception cref="ArgumentException">The text has a word that this vocabulary's splitter would overflow the stack on.</exception>
    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial)
    {
        if (_splitsRecursively)
            PreTokenizer.RequireShortRuns(text);
        using var lease = new Lease(model.Handle);
        var utf8 = Encoding.UTF8.GetBytes(text);
        fixed (byte* bytes = utf8)
        {
            Span<int> tokens = stackalloc int[StackTokens];
            var count = Tokenize(bytes, utf8.Length, tokens, addSpecial, parseSpecial);
            if (count >= 0)
                return tokens[..count].ToArray();
            if (count == int.MinValue)
                throw new ArgumentException("The text has more tokens than can be counted.");
            var all = new int[-count];
            count = Tokenize(bytes, utf8.Length, all, addSpecial, parseSpecial);
            return count == all.Length ? all : throw new StageEngineException($"llama.cpp counted {all.Length} tokens, then {count}.");
        }
    }

    /// <summary>A token's bytes in a text; empty for control tokens.</summary>
    public byte[] Piece(int token)
    {
        using var lease = new Lease(model.Handle);
        var piece = new byte[64];
        var count = Piece(token, piece);
        if (count < 0)
            count = Piece(token, piece = new byte[-count]);
        return piece[..Math.Max(0, count)];
    }

    public bool IsEndOfGeneration(int token)
    {
        using var lease = new Lease(model.Handle);
        return LlamaNative.llama_vocab_is_eog(_vocabulary, token) != 0;
    }

    /// <summary>The tokens that a text stands for as a whole: only where special tokens are parsed, or always.</summary>
    public IReadOnlyList<SpecialToken> SpecialTokens()
    {
        using var lease = new Lease(model.Handle);
        var tokens = new List<SpecialToken>();
        for (var token = 0; token < Size; token++)
        {
            var attributes = LlamaNative.llama_vocab_get_attr(_vocabulary, token);
            if ((attributes & (ControlAttributes | UserDefinedAttribute)) == 0)
                continue;
            var text = TextOf(token);
            if (text.Length > 0)
                tokens.Add(new SpecialToken(
                    token, text, (attributes & ControlAttributes) == 0, (attributes & LeftStripAttribute) != 0,
                    (attributes & RightStripAttribute) != 0));
        }
        return tokens;
    }

    public void Dispose() => model.Dispose();

    private int Tokenize(byte* text, int length, Span<int> tokens, bool addSpecial, bool parseSpecial)
    {
        fixed (int* target = tokens)
            return LlamaNative.llama_tokenize(
                _vocabulary, text, length, target, tokens.Length, addSpecial ? (byte)1 : (byte)0, parseSpecial ? (byte)1 : (byte)0);
    }

    private string TextOf(int token)
    {
        using var lease = new Lease(model.Handle);
        return token < 0 ? "" : Marshal.PtrToStringUTF8((nint)LlamaNative.llama_vocab_get_text(_vocabulary, token)) ?? "";
    }

    private int Piece(int token, byte[] piece)
    {
        fixed (byte* target = piece)
            return LlamaNative.llama_token_to_piece(_vocabulary, token, target, piece.Length, 0, 0);
    }

    /// <summary>Keeps the model alive during a call; throws once it was disposed.</summary>
    private readonly ref struct Lease
    {
        private readonly LlamaModelHandle _handle;

        public Lease(LlamaModelHandle handle)
        {
            _handle = handle;
            var added = false;
            handle.DangerousAddRef(ref added);
        }

        public void Dispose() => _handle.DangerousRelease();
    }
}

/// <summary>
/// A control token, or one that the model's makers added, its text, and whether it swallows the whitespace before and after it.
/// </summary>
/// <param name="IsAlwaysParsed">Whether its text becomes the token also where special tokens are not parsed.</param>
internal sealed record SpecialToken(int Token, string Text, bool IsAlwaysParsed, bool StripsLeft, bool StripsRight);
