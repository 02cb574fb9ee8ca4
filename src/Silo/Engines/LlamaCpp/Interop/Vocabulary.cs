using System.Runtime.InteropServices;
using System.Text;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// A vocabulary's native calls. Thread-safe: the native vocabulary never changes, and lives until the last call has ended.
/// </summary>
internal sealed unsafe class Vocabulary(SliceModel model) : IDisposable
{
    private const int StackTokens = 512;
    private const int ControlAttributes = (1 << 0) | (1 << 3);
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

    /// <summary>The tokens that a text stands for only where special tokens are parsed.</summary>
    public IReadOnlyList<SpecialToken> ControlTokens()
    {
        using var lease = new Lease(model.Handle);
        var tokens = new List<SpecialToken>();
        for (var token = 0; token < Size; token++)
        {
            var attributes = LlamaNative.llama_vocab_get_attr(_vocabulary, token);
            if ((attributes & ControlAttributes) == 0)
                continue;
            var text = Marshal.PtrToStringUTF8((nint)LlamaNative.llama_vocab_get_text(_vocabulary, token));
            if (!string.IsNullOrEmpty(text))
                tokens.Add(new SpecialToken(
                    token, text, (attributes & LeftStripAttribute) != 0, (attributes & RightStripAttribute) != 0));
        }
        return tokens;
    }

    /// <summary>The messages as a template of llama.cpp's own list writes them; null for a template that is not on it.</summary>
    public static string? ApplyTemplate(string template, IReadOnlyList<ChatMessage> messages)
    {
        var size = 1024 + messages.Sum(message => 4 * message.Content.Length + 256);
        var pointers = new List<nint>(1 + 2 * messages.Count);
        try
        {
            var chat = new LlamaChatMessage[messages.Count];
            for (var index = 0; index < chat.Length; index++)
                chat[index] = new LlamaChatMessage { role = Text(messages[index].Role), content = Text(messages[index].Content) };
            fixed (LlamaChatMessage* first = chat)
                return Apply(Text(template), first, chat.Length, size);
        }
        finally
        {
            foreach (var pointer in pointers)
                Marshal.FreeCoTaskMem(pointer);
        }

        byte* Text(string text)
        {
            pointers.Add(Marshal.StringToCoTaskMemUTF8(text));
            return (byte*)pointers[^1];
        }
    }

    public void Dispose() => model.Dispose();

    private static string? Apply(byte* template, LlamaChatMessage* messages, int count, int size)
    {
        while (true)
        {
            var buffer = new byte[size];
            int length;
            fixed (byte* target = buffer)
                length = LlamaNative.llama_chat_apply_template(template, messages, (nuint)count, 1, target, size);
            if (length < 0)
                return null;
            if (length <= size)
                return Encoding.UTF8.GetString(buffer, 0, length);
            size = length;
        }
    }

    private int Tokenize(byte* text, int length, Span<int> tokens, bool addSpecial, bool parseSpecial)
    {
        fixed (int* target = tokens)
            return LlamaNative.llama_tokenize(
                _vocabulary, text, length, target, tokens.Length, addSpecial ? (byte)1 : (byte)0, parseSpecial ? (byte)1 : (byte)0);
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

/// <summary>A control token, its text, and whether it swallows the whitespace before and after it.</summary>
internal sealed record SpecialToken(int Token, string Text, bool StripsLeft, bool StripsRight);
