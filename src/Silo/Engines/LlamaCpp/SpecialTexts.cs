using System.Buffers;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>The texts of some of a vocabulary's special tokens, and where they stand in other texts.</summary>
internal sealed class SpecialTexts
{
    private readonly IReadOnlyList<SpecialToken> _tokens;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly SearchValues<string> _texts;
    private readonly int _longest;

    public SpecialTexts(IEnumerable<SpecialToken> tokens)
    {
        // In the order in which llama.cpp looks for them.
        _tokens = [.. tokens.OrderByDescending(token => token.Text.Length).ThenBy(token => token.Token)];
        var texts = _tokens.Select(token => token.Text).ToHashSet(StringComparer.Ordinal);
        _lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        _texts = SearchValues.Create([.. texts], StringComparison.Ordinal);
        _longest = _tokens.Count == 0 ? 0 : _tokens[0].Text.Length;
    }

    /// <summary>Where the first one at or behind a place begins; -1 for none.</summary>
    public int IndexIn(string text, int from)
    {
        var index = text.AsSpan(from).IndexOfAny(_texts);
        return index < 0 ? -1 : from + index;
    }

    /// <summary>The tokens whose texts occur, the longest first.</summary>
    public IReadOnlyList<SpecialToken> In(string text)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        for (var at = IndexIn(text, 0); at >= 0; at = IndexIn(text, at + 1))
        {
            for (var length = Math.Min(_longest, text.Length - at); length > 0; length--)
            {
                if (_lookup.TryGetValue(text.AsSpan(at, length), out var match))
                    found.Add(match);
            }
        }
        return [.. _tokens.Where(token => found.Contains(token.Text))];
    }

    /// <summary>Whether they occur more than so many times; one inside another counts too.</summary>
    public bool AreMoreIn(string text, int most)
    {
        foreach (var token in _tokens)
        {
            for (var from = 0; text.IndexOf(token.Text, from, StringComparison.Ordinal) is var match and >= 0;)
            {
                if (--most < 0)
                    return true;
                from = match + token.Text.Length;
            }
        }
        return false;
    }
}
