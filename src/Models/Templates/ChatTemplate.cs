using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates;

/// <summary>
/// How a model wants chats written: the template that comes with it (tokenizer.chat_template), rendered as Transformers does.
/// Thread-safe.
/// </summary>
public sealed class ChatTemplate
{
    private const string SystemRole = "system";

    private readonly Template _template;
    private readonly string _beginText;
    private readonly string _endText;
    private readonly Lazy<bool> _takesSystem;

    /// <param name="source">In Jinja.</param>
    /// <param name="beginText">The text of the token that begins every text, as the template writes it; empty for none.</param>
    /// <param name="endText">The text of the token that ends every text.</param>
    /// <exception cref="TemplateException">The template is broken or has statements that are not supported.</exception>
    public ChatTemplate(string source, string beginText, string endText)
    {
        _template = Template.Parse(source);
        (_beginText, _endText) = (beginText, endText);
        _takesSystem = new Lazy<bool>(TakesSystem);
    }

    /// <summary>The text of the messages, followed by the opening of the assistant's turn.</summary>
    /// <param name="now">For templates that tell the model the date.</param>
    /// <param name="arguments">What the template is told besides; it cannot take the place of messages and what else is told always.</param>
    /// <remarks>
    /// Where the template refuses or leaves out a system message, what it says is put before what the user says next, as templates
    /// with such a place for it do.
    /// </remarks>
    /// <exception cref="TemplateException">The template refuses these messages, or cannot be rendered.</exception>
    public string Render(IReadOnlyList<ChatTemplateMessage> messages, DateTimeOffset now, TemplateArguments arguments) => RenderAsTheyAre(
        messages is [{ Role: SystemRole }, { Role: "user" }, ..] && !_takesSystem.Value ? WithoutSystem(messages) : messages, now, arguments);

    private static ChatTemplateMessage[] WithoutSystem(IReadOnlyList<ChatTemplateMessage> messages) =>
        [messages[1] with { Content = $"{messages[0].Content}\n\n{messages[1].Content}" }, .. messages.Skip(2)];

    private bool TakesSystem()
    {
        const string Content = "Be kind.";
        try
        {
            return RenderAsTheyAre([new(SystemRole, Content), new("user", "Hello.")], DateTimeOffset.UnixEpoch, TemplateArguments.None)
                .Contains(Content, StringComparison.Ordinal);
        }
        catch (TemplateException)
        {
            return false;
        }
    }

    private string RenderAsTheyAre(IEnumerable<ChatTemplateMessage> messages, DateTimeOffset now, TemplateArguments arguments) => _template.Render(
        new Dictionary<string, object?>(arguments.Values, StringComparer.Ordinal)
        {
            ["messages"] = messages.Select(object? (message) => new Mapping { ["role"] = message.Role, ["content"] = message.Content }).ToList(),
            ["add_generation_prompt"] = true,
            ["bos_token"] = _beginText,
            ["eos_token"] = _endText,
        },
        now);
}

/// <param name="Role">"system", "user" or "assistant".</param>
public sealed record ChatTemplateMessage(string Role, string Content);
