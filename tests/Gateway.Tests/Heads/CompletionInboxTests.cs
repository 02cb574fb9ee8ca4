using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Heads;

public sealed class CompletionInboxTests
{
    private static readonly GenerationFinish Stop = new(FinishReason.Stop, 1, 2);

    [Fact]
    public async Task Read_WhenSeveralDeltasWait_GivesThemAsOne()
    {
        var inbox = new CompletionInbox(keepsTokens: true, 10_000);
        inbox.Add(new("Once", [Scripts.TokenOf("Once")]));
        inbox.Add(new(" upon", [Scripts.TokenOf(" upon")]));
        inbox.Finish(Stop);

        var part = await ReadAsync(inbox);
        part.Text.ShouldBe("Once upon");
        part.Tokens.Length.ShouldBe(2);
        part.Finish.ShouldBe(Stop);
    }

    [Fact]
    public async Task Read_WhenNothingHasArrived_WaitsForIt()
    {
        var inbox = new CompletionInbox(keepsTokens: false, 10_000);
        inbox.Add(new("a", []));
        (await ReadAsync(inbox)).Text.ShouldBe("a");

        var reading = ReadAsync(inbox);
        reading.IsCompleted.ShouldBeFalse();
        // No text yet: half a character.
        inbox.Add(new("", []));
        reading.IsCompleted.ShouldBeFalse();
        inbox.Add(new("b", []));
        (await reading).ShouldSatisfyAllConditions(part => part.Text.ShouldBe("b"), part => part.Finish.ShouldBeNull());
    }

    [Fact]
    public async Task Add_WhenMoreWaitsThanMay_EndsTheCompletionWithAnError()
    {
        var inbox = new CompletionInbox(keepsTokens: false, 100);
        inbox.Add(new(new string('a', 50), [])).ShouldBeTrue();
        inbox.Add(new("b", [])).ShouldBeFalse();
        inbox.Finish(Stop);

        var part = await ReadAsync(inbox);
        part.Finish!.Reason.ShouldBe(FinishReason.Error);
        part.Finish.Error!.Message.ShouldContain("too slowly");
    }

    [Fact]
    public async Task Add_WhenTokensAreNotWanted_DropsThem()
    {
        var inbox = new CompletionInbox(keepsTokens: false, 10_000);
        inbox.Add(new("Once", [Scripts.TokenOf("Once")]));
        (await ReadAsync(inbox)).Tokens.ShouldBeEmpty();
    }

    [Fact]
    public async Task Read_WhenCancelled_LosesNothing()
    {
        var inbox = new CompletionInbox(keepsTokens: false, 10_000);
        using var cancellation = new CancellationTokenSource();
        var reading = inbox.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(reading);
        inbox.Add(new("a", []));
        (await ReadAsync(inbox)).Text.ShouldBe("a");
    }

    private static Task<CompletionPart> ReadAsync(CompletionInbox inbox) => inbox.ReadAsync(TestContext.Current.CancellationToken).AsTask();
}
