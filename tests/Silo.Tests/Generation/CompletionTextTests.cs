using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class CompletionTextTests
{
    [Fact]
    public void Append_WhenACharacterIsHalfThere_WaitsForTheRest()
    {
        var text = new CompletionText(new FakeTokenizer(), []);

        text.AppendAndRead(Token(95)).Text.ShouldBe("");
        text.AppendAndRead(Token(96)).Text.ShouldBe("é");
        text.AppendAndRead(Token(95)).Text.ShouldBe("");
        text.FlushAndRead().Text.ShouldBe("\uFFFD");
    }

    [Fact]
    public void Append_WhenAStopTextMayBegin_HoldsItsTokensBackWithItsText()
    {
        var text = new CompletionText(new FakeTokenizer(), ["END"]);

        var deltas = FakeModel.Tokenize("aENx").Select(token => text.AppendAndRead(Token(token))).ToList();

        deltas.Select(delta => delta.Text).ShouldBe(["a", "", "", "ENx"]);
        deltas.Select(delta => delta.Tokens.Length).ShouldBe([1, 0, 0, 3]);
    }

    [Fact]
    public void Append_WhenAStopTextIsComplete_ShowsNeitherItNorItsTokens()
    {
        var text = new CompletionText(new FakeTokenizer(), ["END"]);

        var deltas = FakeModel.Tokenize("aEND").Select(token => text.AppendAndRead(Token(token))).ToList();

        string.Concat(deltas.Select(delta => delta.Text)).ShouldBe("a");
        deltas.SelectMany(delta => delta.Tokens).Select(token => token.Token).ShouldBe(FakeModel.Tokenize("a"));
        text.IsStopped.ShouldBeTrue();
    }

    [Fact]
    public void Append_WhenATokenIsPartlyBeforeTheStop_ShowsIt()
    {
        var text = new CompletionText(new FakeTokenizer(), ["gain"]);

        var delta = text.AppendAndRead(Token(98));

        delta.Text.ShouldBe(" a");
        delta.Tokens.ShouldHaveSingleItem().Token.ShouldBe(98);
    }

    [Fact]
    public void Flush_WhenTheBeginningOfAStopIsHeldBack_ShowsItWithItsTokens()
    {
        var text = new CompletionText(new FakeTokenizer(), ["END"]);
        text.AppendAndRead(Token(FakeModel.Tokenize("E")[0]));

        var delta = text.FlushAndRead();

        delta.Text.ShouldBe("E");
        delta.Tokens.Length.ShouldBe(1);
    }

    [Fact]
    public void Append_WhenLogProbabilitiesCame_PassesThemOnWithBytes()
    {
        var text = new CompletionText(new FakeTokenizer(), []);
        var sampled = new SampledToken(0, 1, 95, -0.25f, [new TokenProbability(97, -1.5f)]);

        var token = text.AppendAndRead(sampled).Tokens.ShouldHaveSingleItem();

        token.LogProbability.ShouldBe(-0.25f);
        token.Bytes.ShouldBe([0xC3]);
        var other = token.Alternatives.ShouldHaveSingleItem();
        (other.Token, other.LogProbability).ShouldBe((97, -1.5f));
        other.Bytes.ShouldBe("€"u8.ToArray());
    }

    private static SampledToken Token(int token) => new(0, 1, token, float.NaN, null);
}
