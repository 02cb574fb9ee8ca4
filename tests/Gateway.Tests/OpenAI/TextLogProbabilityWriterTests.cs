using OrleansInference.Gateway.OpenAI.Completions;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Tests.OpenAI;

public sealed class TextLogProbabilityWriterTests
{
    [Fact]
    public void Next_WhenTokensAreHalvesOfACharacter_NamesTheirBytesAndCountsTheCharacterOnce()
    {
        var writer = new TextLogProbabilityWriter();
        var first = writer.Next([Token("a"u8), Token([0xC3])]);
        var second = writer.Next([Token([0xBC]), Token("b"u8)]);

        first.Tokens.ShouldBe(["a", "bytes:\\xc3"]);
        second.Tokens.ShouldBe(["bytes:\\xbc", "b"]);
        first.TextOffset.Concat(second.TextOffset).ShouldBe([0, 1, 1, 2]);
    }

    [Fact]
    public void Next_WhenAlternativesHaveTheSameText_KeepsTheLikelier()
    {
        var token = new TokenLogProbability(1, [.. "b"u8], -2,
            [new(2, [.. "b"u8], -3), new(1, [.. "b"u8], -2), new(4, [.. "c"u8], float.NegativeInfinity)]);
        var top = new TextLogProbabilityWriter().Next([token]).TopLogprobs[0];
        top.OrderBy(one => one.Key).ShouldBe([new("b", -2), new("c", -9999)]);
    }

    [Fact]
    public void Next_WhenTheTokenIsNoneOfTheLikeliest_GivesItBesideThem()
    {
        var token = new TokenLogProbability(1, [.. "a"u8], -5, [new(2, [.. "b"u8], -1)]);
        var top = new TextLogProbabilityWriter().Next([token]).TopLogprobs[0];
        top.OrderBy(one => one.Key).ShouldBe([new("a", -5), new("b", -1)]);
    }

    private static TokenLogProbability Token(ReadOnlySpan<byte> bytes) => new(1, [.. bytes], -1, []);
}
