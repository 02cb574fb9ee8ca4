using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines;

/// <summary>A model's vocabulary and chat template. Thread-safe.</summary>
public interface ITokenizer : IDisposable
{
    int VocabularySize { get; }

    /// <param name="addSpecial">Whether to add the model's own begin/end tokens.</param>
    /// <param name="parseSpecial">Whether texts of special tokens become those tokens or stay text.</param>
    /// <exception cref="ArgumentException">The text is longer, has a longer word, or more control tokens than can be tokenized.</exception>
    int[] Tokenize(string text, bool addSpecial, bool parseSpecial);

    /// <summary>
    /// The tokens of chat messages followed by the opening of the assistant's turn. Control tokens come from the template alone:
    /// their texts in a message stay text, so a message cannot end its turn or begin another.
    /// </summary>
    /// <param name="arguments">What the template is told besides, a JSON object; null for nothing.</param>
    /// <exception cref="ChatTemplateException">The model has no template, or one that is broken or refuses the messages, or a role is not a word.</exception>
    /// <exception cref="ArgumentException">As of <see cref="Tokenize"/>.</exception>
    int[] TokenizeChat(IReadOnlyList<ChatMessage> messages, string? arguments = null);

    /// <summary>Whether a token ends a completion.</summary>
    bool IsEndOfGeneration(int token);

    /// <summary>A token's bytes; empty for control tokens.</summary>
    ReadOnlyMemory<byte> PieceOf(int token);
}

/// <summary>The messages cannot be turned into a prompt; the message says why and what would do.</summary>
public sealed class ChatTemplateException(string message) : Exception(message);
