using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class CompletionOutboxTests
{
    private static readonly GenerationFinish s_finish = new(FinishReason.Stop, 1, 2);

    [Fact]
    public void Take_WhenDeltasWereAdded_MergesThem()
    {
        var outbox = new CompletionOutbox(requestId: 1, maximumTokens: 2);
        Add(outbox, "a", 1);
        outbox.IsFull.ShouldBeFalse();
        Add(outbox, "b", 2);
        outbox.IsFull.ShouldBeTrue();

        var (taken, finish) = outbox.Take();

        var delta = taken.ShouldNotBeNull().Read();
        delta.Text.ShouldBe("ab");
        delta.Tokens.Select(token => token.Token).ShouldBe([1, 2]);
        finish.ShouldBeNull();
        outbox.IsFull.ShouldBeFalse();
        outbox.Take().ShouldBe((null, null));
    }

    [Fact]
    public void Take_WhenMoreIsAddedMeanwhile_LeavesWhatWasTakenAsItIs()
    {
        var outbox = new CompletionOutbox(requestId: 1, maximumTokens: 2);
        for (var round = 0; round < 3; round++)
        {
            Add(outbox, $"text {round}", round);
            var taken = outbox.Take().Delta.ShouldNotBeNull();
            Add(outbox, "next", 9);

            var delta = taken.Read();
            delta.Text.ShouldBe($"text {round}");
            delta.Tokens.ShouldHaveSingleItem().Token.ShouldBe(round);
            outbox.Take().Delta.ShouldNotBeNull().Read().Text.ShouldBe("next");
        }
    }

    [Fact]
    public void Take_WhenTheCompletionHasEnded_GivesTheEndOnceAndLast()
    {
        var outbox = new CompletionOutbox(requestId: 1, maximumTokens: 2);
        Add(outbox, "a", 1);
        outbox.Finish(s_finish);

        outbox.Take().Finish.ShouldBe(s_finish);
        outbox.Take().ShouldBe((null, null));
    }

    [Fact]
    public void TryMarkOffered_UntilItIsTaken_IsTrueOnce()
    {
        var outbox = new CompletionOutbox(requestId: 1, maximumTokens: 2);

        outbox.TryMarkOffered().ShouldBeTrue();
        outbox.TryMarkOffered().ShouldBeFalse();
        outbox.Take();
        outbox.TryMarkOffered().ShouldBeTrue();
    }

    private static void Add(CompletionOutbox outbox, string text, int token) =>
        outbox.Add(new CompletionPiece(new FakeTokenizer(), text, [new SampledToken(0, 1, token, 0, null)]));
}
