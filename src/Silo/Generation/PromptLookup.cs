namespace OrleansInference.Silo.Generation;

/// <summary>
/// Finds where the last few tokens of a growing text stood before. An index of bounded size, kept up token by token, makes a look-up
/// independent of the text's length; where two places share an entry the later one wins, so a look-up may miss but never errs.
/// </summary>
internal sealed class PromptLookup
{
    private const int LongestMatch = 4;
    private const int ShortestMatch = 2;
    private const int LeastEntries = 64;
    private const int MostEntries = 16_384;

    // Per length of match: hash of so many tokens → the position after them. 0 is no place: nothing stands before it.
    private readonly int[][] _places = new int[LongestMatch - ShortestMatch + 1][];
    private readonly int _shift;
    private int _indexedTokens = ShortestMatch;

    /// <param name="expectedTokens">How long the text may become; a longer one is served, with more misses.</param>
    public PromptLookup(int expectedTokens)
    {
        var bits = int.Log2(Math.Clamp(expectedTokens, LeastEntries, MostEntries) - 1) + 1;
        _shift = 32 - bits;
        for (var index = 0; index < _places.Length; index++)
            _places[index] = new int[1 << bits];
    }

    /// <param name="text">The text of the last call, or a longer one that begins with it.</param>
    /// <returns>
    /// The position after the latest earlier place of the text's last tokens, of as many as match; null when there is none.
    /// </returns>
    public int? Find(ReadOnlySpan<int> text)
    {
        // What ends at the end of the text is left out, because nothing is known to follow it.
        for (; _indexedTokens < text.Length; _indexedTokens++)
        {
            for (var length = ShortestMatch; length <= Math.Min(LongestMatch, _indexedTokens); length++)
                PlaceOf(text.Slice(_indexedTokens - length, length)) = _indexedTokens;
        }
        for (var length = Math.Min(LongestMatch, text.Length); length >= ShortestMatch; length--)
        {
            var last = text[^length..];
            var place = PlaceOf(last);
            if (place >= length && text.Slice(place - length, length).SequenceEqual(last))
                return place;
        }
        return null;
    }

    private ref int PlaceOf(ReadOnlySpan<int> tokens)
    {
        const uint Prime = 0x9E37_79B1;
        var hash = 0u;
        foreach (var token in tokens)
            hash = (hash ^ (uint)token) * Prime;
        return ref _places[tokens.Length - ShortestMatch][hash >> _shift];
    }
}
