using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Tokenizes a templated chat so that control tokens come from the template only. The text is cut at the template's own control tokens,
/// and what lies between them, messages included, is tokenized as plain text: the same tokens as of the whole text, unless a message
/// holds the text of a control token.
/// </summary>
internal sealed class ChatPromptTokenizer(Vocabulary vocabulary)
{
    private readonly IReadOnlyList<SpecialToken> _controlTokens =
        [.. vocabulary.ControlTokens().OrderByDescending(token => token.Text.Length).ThenBy(token => token.Token)];

    public int[] Tokenize(string template, IReadOnlyList<ChatMessage> messages, string text)
    {
        var marked = Vocabulary.ApplyTemplate(template, ChatContentFinder.Mark(messages));
        if (marked is null || ChatContentFinder.Find(messages, marked, text) is not { } contents)
            return TokenizeWhole(messages, text);
        List<Fragment> fragments = [new(0, text.Length, null)];
        foreach (var special in _controlTokens.Where(token => marked.Contains(token.Text, StringComparison.Ordinal)))
            fragments = [.. fragments.SelectMany(fragment => Cut(fragment, special, contents, text))];
        return WithBeginToken([.. fragments.SelectMany(fragment => fragment.Token is { } token
            ? [token] : vocabulary.Tokenize(text[fragment.Start..fragment.End], addSpecial: false, parseSpecial: false))]);
    }

    /// <summary>Whether the texts of control tokens occur more than so many times; one inside another counts too.</summary>
    public bool HasMoreControlTexts(string text, int most)
    {
        foreach (var special in _controlTokens)
        {
            for (var from = 0; text.IndexOf(special.Text, from, StringComparison.Ordinal) is var match and >= 0;)
            {
                if (--most < 0)
                    return true;
                from = match + special.Text.Length;
            }
        }
        return false;
    }

    /// <summary>
    /// A template that changes messages beyond trimming hides where they are; its text is taken only if no message could be mistaken.
    /// </summary>
    private int[] TokenizeWhole(IReadOnlyList<ChatMessage> messages, string text)
    {
        if (messages.Any(message => _controlTokens.Any(token => message.Content.Contains(token.Text, StringComparison.Ordinal))))
            throw new ChatTemplateException(
                "A message holds the text of one of the model's control tokens, and this model's template does not let it be kept "
                + "apart. Leave it out.");
        return WithBeginToken(vocabulary.Tokenize(text, addSpecial: false, parseSpecial: true));
    }

    private int[] WithBeginToken(int[] tokens) =>
        vocabulary.BeginToken is { } begin && (tokens.Length == 0 || tokens[0] != begin) ? [begin, .. tokens] : tokens;

    private static IEnumerable<Fragment> Cut(Fragment fragment, SpecialToken special, IReadOnlyList<Range> contents, string text)
    {
        if (fragment.Token is not null)
        {
            yield return fragment;
            yield break;
        }
        var (start, end) = (fragment.Start, fragment.End);
        for (var from = start; text.IndexOf(special.Text, from, end - from, StringComparison.Ordinal) is var match and >= 0;)
        {
            var after = match + special.Text.Length;
            if (contents.Any(content => match < content.End.Value && after > content.Start.Value))
            {
                from = match + 1;
                continue;
            }
            var left = special.StripsLeft ? start + text.AsSpan(start, match - start).TrimEnd(ChatContentFinder.Whitespace).Length : match;
            if (left > start)
                yield return new Fragment(start, left, null);
            yield return new Fragment(match, after, special.Token);
            from = start = special.StripsRight
                ? end - text.AsSpan(after, end - after).TrimStart(ChatContentFinder.Whitespace).Length : after;
        }
        if (end > start)
            yield return new Fragment(start, end, null);
    }

    private readonly record struct Fragment(int Start, int End, int? Token);
}
