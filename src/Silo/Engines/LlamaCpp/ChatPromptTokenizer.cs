using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Models.Templates;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Tokenizes a templated chat so that control tokens come from the template only. In messages their texts are broken by a mark before
/// they are templated; the text that comes of it is cut at the control tokens that are left, and what lies between them is tokenized as
/// plain text, without marks: the same tokens as of the whole text, unless a message holds the text of a control token.
/// </summary>
/// <remarks>
/// Some files have the tags of their template as tokens of the other kind, which llama.cpp finds in plain text too. Those that a message
/// holds are cut in two.
/// </remarks>
internal sealed class ChatPromptTokenizer
{
    /// <summary>What C's isspace is true of.</summary>
    private const string Whitespace = " \t\n\v\f\r";

    /// <summary>Characters that Unicode keeps for such uses, from first to last.</summary>
    private const char FirstMark = '\uFDD0';
    private const char LastMark = '\uFDEF';

    private readonly Vocabulary _vocabulary;
    private readonly ChatTemplate _template;
    private readonly TimeProvider _time;
    private readonly SpecialTexts _controlTexts;
    private readonly SpecialTexts _addedTags;

    public ChatPromptTokenizer(Vocabulary vocabulary, SpecialTexts controlTexts, ChatTemplate template, TimeProvider time)
    {
        (_vocabulary, _template, _time, _controlTexts) = (vocabulary, template, time, controlTexts);
        var tags = TagsOfTurns();
        // Others are line ends, <think> and the like, which messages may hold.
        _addedTags = new SpecialTexts(vocabulary.SpecialTokens().Where(token => token.IsAlwaysParsed
            && (token.Text is ['<', .., '>'] or ['[', .., ']']) && tags.Contains(token.Text, StringComparison.Ordinal)));
    }

    /// <summary>The messages as the template writes them, followed by the opening of the assistant's turn.</summary>
    /// <exception cref="TemplateException">As of <see cref="ChatTemplate.Render"/>.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, TemplateArguments arguments) => _template.Render(
        [.. messages.Select(message => new ChatTemplateMessage(message.Role, message.Content))], _time.GetLocalNow(), arguments);

    /// <inheritdoc cref="Render"/>
    /// <exception cref="ChatTemplateException">A message's control texts cannot be told from the template's.</exception>
    public int[] Tokenize(IReadOnlyList<ChatMessage> messages, TemplateArguments arguments)
    {
        var (mark, cut) = FindMarks([.. messages.Select(message => message.Content), .. arguments.Texts]);
        var text = Render([.. messages.Select(message => message with { Content = BreakAll(message.Content) })], arguments.Select(BreakAll));
        List<Fragment> fragments = [new(0, text.Length, null)];
        foreach (var special in _controlTexts.In(text))
            fragments = [.. fragments.SelectMany(fragment => Cut(fragment, special, text))];
        return WithBeginToken([.. fragments.SelectMany(fragment => fragment.Token is { } token
            ? [token] : TokenizePlain(text[fragment.Start..fragment.End], mark, cut))]);

        string BreakAll(string content) => Break(Break(content, _addedTags, cut), _controlTexts, mark);
    }

    private IEnumerable<int> TokenizePlain(string text, char mark, char cut) =>
        text.Replace(mark.ToString(), "", StringComparison.Ordinal).Split(cut)
            .SelectMany(part => _vocabulary.Tokenize(part, addSpecial: false, parseSpecial: false));

    /// <summary>A chat whose text is the template's own but for a letter.</summary>
    private string TagsOfTurns()
    {
        try
        {
            return Render([new("user", "a"), new("assistant", "a"), new("user", "a")], TemplateArguments.None);
        }
        catch (TemplateException)
        {
            return "";
        }
    }

    /// <summary>A mark behind the first character of every such text.</summary>
    private static string Break(string content, SpecialTexts texts, char mark)
    {
        var broken = new StringBuilder(content.Length);
        var done = 0;
        for (var at = texts.IndexIn(content, 0); at >= 0; at = texts.IndexIn(content, done))
        {
            broken.Append(content, done, at + 1 - done).Append(mark);
            done = at + 1;
        }
        var text = broken.Append(content, done, content.Length - done).ToString();
        return texts.IndexIn(text, 0) < 0 ? text : throw new ChatTemplateException(
            "A message holds a character that is one of the model's control tokens, and cannot be kept apart from them. Leave it out.");
    }

    private static (char First, char Second) FindMarks(IReadOnlyList<string> texts)
    {
        var free = Enumerable.Range(FirstMark, LastMark - FirstMark + 1).Select(mark => (char)mark)
            .Where(mark => texts.All(text => !text.Contains(mark, StringComparison.Ordinal))).Take(2).ToArray();
        return free is [var first, var second] ? (first, second) : throw new ChatTemplateException(
            $"The messages hold nearly each of the characters U+{(int)FirstMark:X4} to U+{(int)LastMark:X4}, which stand for nothing. "
            + "Leave some of them out.");
    }

    private int[] WithBeginToken(int[] tokens) =>
        _vocabulary.BeginToken is { } begin && (tokens.Length == 0 || tokens[0] != begin) ? [begin, .. tokens] : tokens;

    private static IEnumerable<Fragment> Cut(Fragment fragment, SpecialToken special, string text)
    {
        if (fragment.Token is not null)
        {
            yield return fragment;
            yield break;
        }
        var (start, end) = (fragment.Start, fragment.End);
        while (text.IndexOf(special.Text, start, end - start, StringComparison.Ordinal) is var match and >= 0)
        {
            var left = special.StripsLeft ? start + text.AsSpan(start, match - start).TrimEnd(Whitespace).Length : match;
            if (left > start)
                yield return new Fragment(start, left, null);
            var after = match + special.Text.Length;
            yield return new Fragment(match, after, special.Token);
            start = special.StripsRight ? end - text.AsSpan(after, end - after).TrimStart(Whitespace).Length : after;
        }
        if (end > start)
            yield return new Fragment(start, end, null);
    }

    private readonly record struct Fragment(int Start, int End, int? Token);
}
