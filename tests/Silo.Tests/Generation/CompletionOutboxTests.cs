using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class CompletionOutboxTests
{
    private static readonly GenerationFinish s_finish = new(FinishReason.Stop, 1, 2);

    [Fact]
    public void Take_WhenDeltasWereAdded_MergesThem()
    {
        var outbox = new CompletionOutbox(maximumTokens: 2);
        outbox.Add(Delta("a", 1));
        outbox.IsFull.ShouldBeFalse();
        outbox.Add(Delta("b", 2));
        outbox.IsFull.ShouldBeTrue();

        var (delta, finish) = outbox.Take();

        delta.ShouldNotBeNull().Text.ShouldBe("ab");
        delta.Tokens.Select(token => token.Token).ShouldBe([1, 2]);
        finish.ShouldBeNull();
        outbox.IsFull.ShouldBeFalse();
        outbox.Take().ShouldBe((null, null));
    }

    [Fact]
    public void Take_WhenTheCompletionHasEnded_GivesTheEndOnceAndLast()
    {
        var outbox = new CompletionOutbox(maximumTokens: 2);
        outbox.Add(Delta("a", 1));
        outbox.Finish(s_finish);

        outbox.Take().Finish.ShouldBe(s_finish);
        outbox.Take().ShouldBe((null, null));
    }

    [Fact]
    public void TryMarkOffered_UntilItIsTaken_IsTrueOnce()
    {
        var outbox = new CompletionOutbox(maximumTokens: 2);

        outbox.TryMarkOffered().ShouldBeTrue();
        outbox.TryMarkOffered().ShouldBeFalse();
        outbox.Take();
        outbox.TryMarkOffered().ShouldBeTrue();
    }

    private static GenerationDelta Delta(string text, int token) => new(text, [new TokenLogProbability(token, [], 0, [])]);
}
