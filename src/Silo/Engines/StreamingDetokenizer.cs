using System.Text;

namespace OrleansInference.Silo.Engines;

/// <summary>
/// Bytes of tokens to text, as they come: whole characters only. A character that a token ends in the middle of waits for the next token;
/// bytes that cannot become a character are U+FFFD at once, so a stream never stalls. Not thread-safe.
/// </summary>
internal sealed class StreamingDetokenizer
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <returns>The characters that are complete now, possibly none.</returns>
    public string Append(ReadOnlySpan<byte> piece) => Decode(piece, flush: false);

    /// <summary>The end of the text: what waited is U+FFFD. The detokenizer may then be used for another text.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> piece, bool flush)
    {
        var count = _decoder.GetCharCount(piece, flush);
        if (count == 0 && !flush && piece.IsEmpty)
            return "";
        var characters = count <= 256 ? stackalloc char[count] : new char[count];
        var written = _decoder.GetChars(piece, characters, flush);
        return new string(characters[..written]);
    }
}
