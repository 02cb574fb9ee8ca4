using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class DraftSourceTests
{
    private static readonly int[] s_prompt = [1, 2, 3, 4, 5, 1, 2];

    [Fact]
    public void Guess_WhenThePromptsEndStoodBefore_GoesOnAsItDidThen()
    {
        var drafts = Begin(s_prompt, draftTokens: 8);

        drafts.Guess().ShouldBe(3);
        drafts.Confirm(3).ShouldBeTrue();
        drafts.Confirm(4).ShouldBeTrue();
        Take(drafts, 2).ShouldBe([5, 1]);

        (drafts.DraftedTokens, drafts.AcceptedTokens).ShouldBe((3, 1));
    }

    [Fact]
    public void Guess_WhenManyAreUnderWay_StopsAtItsBoundAndGoesOnWithOneMoreForEachThatIsRight()
    {
        var drafts = Begin(s_prompt, draftTokens: 3);
        for (var round = 0; round < 6; round++)
        {
            foreach (var token in (int[])[3, 4, 5, 1, 2])
                drafts.Confirm(token).ShouldBeTrue();
        }

        Take(drafts, 9).ShouldBe([3, 4, 5]);
        drafts.Confirm(3).ShouldBeTrue();
        Take(drafts, 9).ShouldBe([1]);
    }

    [Fact]
    public void Confirm_WhenAnotherTokenWasGuessed_DropsAllThatIsUnderWay()
    {
        var drafts = Begin(s_prompt, draftTokens: 8);
        Take(drafts, 2).ShouldBe([3, 4]);

        drafts.Confirm(9).ShouldBeFalse();
        drafts.Guess().ShouldBeNull();
        drafts.Confirm(1).ShouldBeTrue();
        drafts.Confirm(2).ShouldBeTrue();

        drafts.Guess().ShouldBe(9, "what followed the latest time");
        drafts.AcceptedTokens.ShouldBe(0);
    }

    [Fact]
    public void Guess_WhenGuessesAreWrong_StopsAndBeginsAgainWhenTheyWouldHaveBeenRight()
    {
        var random = new Random(5);
        var drafts = Begin([.. Enumerable.Range(0, 400).Select(_ => random.Next(3))], draftTokens: 8, maximumTokens: 4_000);
        for (var step = 0; step < 600; step++)
        {
            drafts.Guess();
            drafts.Confirm(100 + step);
            drafts.Confirm(random.Next(3));
            drafts.Confirm(random.Next(3));
        }
        drafts.DraftedTokens.ShouldBeLessThan(20, "of 1800 tokens");
        drafts.AcceptedTokens.ShouldBeLessThan(drafts.DraftedTokens);

        var before = drafts.AcceptedTokens;
        for (var step = 0; step < 60; step++)
        {
            drafts.Guess();
            drafts.Confirm(7 + step % 3);
        }
        (drafts.AcceptedTokens - before).ShouldBeGreaterThan(40);
    }

    [Fact]
    public void Guess_AtTheEndOfTheSequence_LeavesOutTheTokenThatNeverBecomesARow()
    {
        var drafts = Begin(s_prompt, draftTokens: 8, maximumTokens: s_prompt.Length + 2);

        Take(drafts, 9).ShouldBe([3]);
        drafts.Confirm(3).ShouldBeTrue();
        drafts.Guess().ShouldBeNull();
    }

    [Fact]
    public void Pays_ByHowOftenGuessesAreRight_WeighsTokensAgainstTime()
    {
        var drafts = Begin(s_prompt, draftTokens: 8);
        drafts.Pays(rows: 4, cost: 1, batches: 1).ShouldBeTrue("a guess costs nothing");
        drafts.Pays(rows: 4, cost: 2.2, batches: 1).ShouldBeFalse("1 + 0.65 + 0.65² + 0.65³ is 2.35, and that wavers");
        drafts.Pays(rows: 4, cost: 2.1, batches: 1).ShouldBeTrue();
        drafts.Pays(rows: 4, cost: 1.4, batches: 3).ShouldBeFalse("9 tokens at most of 12, 2.8 against 2.07 × 1.4");

        for (var round = 0; round < 30; round++)
        {
            foreach (var token in (int[])[3, 4, 5, 1, 2])
                drafts.Confirm(token);
        }
        drafts.Pays(rows: 4, cost: 3.2, batches: 1).ShouldBeTrue();
        drafts.Pays(rows: 4, cost: 2.6, batches: 3).ShouldBeTrue("9 tokens against 3 × 2.6");
        drafts.Pays(rows: 4, cost: 3.2, batches: 3).ShouldBeFalse();
    }

    private static DraftSource Begin(int[] prompt, int draftTokens, int maximumTokens = 1_000)
    {
        var drafts = new DraftSource(maximumTokens, draftTokens);
        drafts.Begin(prompt);
        return drafts;
    }

    private static List<int> Take(DraftSource drafts, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => drafts.Guess()).OfType<int>()];
}
