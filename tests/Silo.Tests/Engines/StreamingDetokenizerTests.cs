using System.Text;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class StreamingDetokenizerTests
{
    [Fact]
    public void Append_WhenACharacterComesInPieces_GivesItOnceWhole()
    {
        var detokenizer = new StreamingDetokenizer();
        var bytes = Encoding.UTF8.GetBytes("é€😀");

        var outputs = bytes.Select(one => detokenizer.Append([one]).ToString()).ToArray();

        outputs.ShouldBe(["", "é", "", "", "€", "", "", "", "😀"]);
        detokenizer.Flush().ToString().ShouldBe("");
    }

    [Fact]
    public void Append_WhenABrokenSequenceIsFollowedByText_DoesNotStall()
    {
        var detokenizer = new StreamingDetokenizer();

        detokenizer.Append([0xE2, 0x82]).ToString().ShouldBe("");
        detokenizer.Append("a"u8).ToString().ShouldBe("\uFFFDa");
        detokenizer.Append([0xFF]).ToString().ShouldBe("\uFFFD");
    }

    [Fact]
    public void Flush_WhenACharacterIsHalfDone_GivesAReplacementAndStartsAnew()
    {
        var detokenizer = new StreamingDetokenizer();

        detokenizer.Append([0xF0, 0x9F]).ToString().ShouldBe("");
        detokenizer.Flush().ToString().ShouldBe("\uFFFD");
        detokenizer.Append("ok"u8).ToString().ShouldBe("ok");
        detokenizer.Flush().ToString().ShouldBe("");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Append_WhenBytesAreRandomAndCutAnywhere_GivesWhatDecodingAllAtOnceGives(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = RandomBytes(random);
            var detokenizer = new StreamingDetokenizer();
            var text = new StringBuilder();
            for (var start = 0; start < bytes.Length;)
            {
                var length = Math.Min(random.Next(0, 6), bytes.Length - start);
                var piece = detokenizer.Append(bytes.AsSpan(start, length));
                if (piece.Length > 0)
                    char.IsHighSurrogate(piece[^1]).ShouldBeFalse("half a character was given out");
                text.Append(piece);
                start += length;
            }
            text.Append(detokenizer.Flush()).ToString().ShouldBe(Encoding.UTF8.GetString(bytes), $"seed {seed}, round {round}");
        }
    }

    /// <summary>Well-formed characters of every length with broken bytes between them.</summary>
    private static byte[] RandomBytes(Random random)
    {
        var bytes = new List<byte>();
        for (var part = random.Next(1, 12); part > 0; part--)
        {
            if (random.Next(3) == 0)
                bytes.Add((byte)random.Next(256));
            else if (Rune.TryCreate(random.Next(2) == 0 ? random.Next(0x800) : random.Next(0x110000), out var rune))
                bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
        }
        return [.. bytes];
    }
}
