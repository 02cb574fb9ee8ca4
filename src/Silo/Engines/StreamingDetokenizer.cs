using System.Text;

namespace OrleansInference.Silo.Engines;

/// <summary>
/// Bytes of tokens to text, as they come: whole characters only. A character that a token ends in the middle of waits for the next token;
/// bytes that cannot become a character are U+FFFD at once, so a stream never stalls. Not thread-safe.
/// </summary>
internal sealed class StreamingDetokenizer
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _characters = new char[64];

    /// <returns>The characters that are complete now, possibly none; valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<byte> piece) => Decode(piece, flush: false);

    /// <summary>The end of the text: what waited is U+FFFD. The detokenizer may then be used for another text.</summary>
    public ReadOnlySpan<char> Flush() => Decode([], flush: true);

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> piece, bool flush)
    {
        var count = _decoder.GetCharCount(piece, flush);
        if (count > _characters.Length)
            _characters = new char[count];
        return _characters.AsSpan(0, _decoder.GetChars(piece, _characters, flush));
    }
}
