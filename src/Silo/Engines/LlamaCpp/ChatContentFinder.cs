using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Finds where in a templated text the messages' contents are, by templating marks in their place.</summary>
internal static class ChatContentFinder
{
    /// <summary>What C's isspace is true of.</summary>
    public const string Whitespace = " \t\n\v\f\r";

    private const char Bracket = '\u0001';

    /// <summary>The same messages with a mark for each content.</summary>
    public static IReadOnlyList<ChatMessage> Mark(IReadOnlyList<ChatMessage> messages) =>
        [.. messages.Select((message, index) => message with { Content = $"{Bracket}{index}{Bracket}" })];

    /// <returns>The ranges of contents in <paramref name="text"/>, in order; null when the template did more to them than trim
    /// them.</returns>
    public static IReadOnlyList<Range>? Find(IReadOnlyList<ChatMessage> messages, string marked, string text)
    {
        var contents = new List<Range>();
        // Between brackets stand, in turn, template text and the number of a message.
        var parts = marked.Split(Bracket);
        if (parts.Length % 2 == 0 || !text.StartsWith(parts[0], StringComparison.Ordinal))
            return null;
        var position = parts[0].Length;
        for (var part = 1; part < parts.Length; part += 2)
        {
            if (!int.TryParse(parts[part], out var index) || index < 0 || index >= messages.Count)
                return null;
            var follows = parts[part + 1];
            var isLast = part + 2 == parts.Length;
            if (LengthAt(text, position, messages[index].Content, follows, isLast) is not { } length)
                return null;
            contents.Add(new Range(position, position + length));
            position += length + follows.Length;
        }
        return position == text.Length ? contents : null;
    }

    private static int? LengthAt(string text, int position, string content, string follows, bool isLast)
    {
        foreach (var candidate in new[] { content, content.Trim(Whitespace.ToCharArray()) })
        {
            var rest = text.AsSpan(position);
            if (!rest.StartsWith(candidate, StringComparison.Ordinal))
                continue;
            rest = rest[candidate.Length..];
            if (isLast ? rest.SequenceEqual(follows) : rest.StartsWith(follows, StringComparison.Ordinal))
                return candidate.Length;
        }
        return null;
    }
}
