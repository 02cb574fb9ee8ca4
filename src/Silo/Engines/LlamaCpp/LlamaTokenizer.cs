using System.Text.RegularExpressions;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Models.Templates;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>A vocabulary loaded without weights.</summary>
internal sealed partial class LlamaTokenizer : ITokenizer
{
    /// <summary>Far above any context; a longer text is refused before it costs memory.</summary>
    public const int MaximumTextLength = 4 * 1024 * 1024;

    public const int MaximumMessages = 4096;

    /// <summary>llama.cpp's time to find them grows with their square; so many take half a second.</summary>
    public const int MaximumControlTokens = 4096;

    private readonly Vocabulary _vocabulary;
    private readonly byte[]?[] _pieces;
    private readonly Lazy<SpecialTexts> _controlTexts;
    private readonly Lazy<ChatPromptTokenizer> _chat;

    public LlamaTokenizer(SliceModel model, TimeProvider time)
    {
        _vocabulary = new Vocabulary(model);
        _pieces = new byte[]?[_vocabulary.Size];
        _controlTexts = new Lazy<SpecialTexts>(() => new SpecialTexts(_vocabulary.SpecialTokens().Where(token => !token.IsAlwaysParsed)));
        _chat = new Lazy<ChatPromptTokenizer>(() => new ChatPromptTokenizer(_vocabulary, _controlTexts.Value, LoadTemplate(), time));
    }

    public int VocabularySize => _vocabulary.Size;

    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(text);
        RequireLength(text.Length);
        if (parseSpecial && _controlTexts.Value.AreMoreIn(text, MaximumControlTokens))
            throw new ArgumentException($"The text has more than {MaximumControlTokens} control tokens, which is the most that are parsed.");
        return _vocabulary.Tokenize(text, addSpecial, parseSpecial);
    }

    /// <summary>The text of chat messages followed by the opening of the assistant's turn.</summary>
    internal string ApplyChatTemplate(IReadOnlyList<ChatMessage> messages, string? arguments = null) =>
        Template(messages, arguments, static (chat, messages, arguments) => chat.Render(messages, arguments));

    public int[] TokenizeChat(IReadOnlyList<ChatMessage> messages, string? arguments = null) =>
        Template(messages, arguments, static (chat, messages, arguments) => chat.Tokenize(messages, arguments));

    public bool IsEndOfGeneration(int token) => (uint)token < (uint)VocabularySize && _vocabulary.IsEndOfGeneration(token);

    public ReadOnlyMemory<byte> PieceOf(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, VocabularySize);
        return _pieces[token] ??= _vocabulary.Piece(token);
    }

    public void Dispose() => _vocabulary.Dispose();

    private T Template<T>(
        IReadOnlyList<ChatMessage> messages, string? arguments, Func<ChatPromptTokenizer, IReadOnlyList<ChatMessage>, TemplateArguments, T> apply)
    {
        RequireMessages(messages);
        RequireLength(arguments?.Length ?? 0);
        try
        {
            return apply(_chat.Value, messages, arguments is null ? TemplateArguments.None : TemplateArguments.Parse(arguments));
        }
        catch (TemplateException exception)
        {
            throw new ChatTemplateException(exception.IsRaised
                ? $"The model's chat template refuses these messages: {exception.Message}"
                : $"The model's chat template cannot be rendered: {exception.Description}; use /v1/completions with a prompt in the model's own format.");
        }
    }

    private ChatTemplate LoadTemplate() => new(
        _vocabulary.ChatTemplate ?? throw new ChatTemplateException(
            "The model has no chat template; use /v1/completions with a prompt in the model's own format, or import a model that has one."),
        _vocabulary.BeginText, _vocabulary.EndText);

    private static void RequireLength(long length)
    {
        if (length > MaximumTextLength)
            throw new ArgumentException($"The text has {length} characters; at most {MaximumTextLength} are tokenized.");
    }

    private static void RequireMessages(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count is 0 or > MaximumMessages)
            throw new ChatTemplateException($"There are {messages.Count} messages; a chat has from 1 to {MaximumMessages}.");
        RequireLength(messages.Sum(message => (long)message.Content.Length));
        for (var index = 0; index < messages.Count; index++)
        {
            // A role becomes part of the template's own text, where control tokens are parsed.
            if (!Role().IsMatch(messages[index].Role))
                throw new ChatTemplateException($"The role of message {index} is not a word of at most 32 letters, digits, '_' and '-'.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,32}\z")]
    private static partial Regex Role();
}
