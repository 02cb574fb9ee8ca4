using FsCheck;
using FsCheck.Fluent;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class SlotPoolTests
{
    private static readonly ReuseRule s_rule = new(MinimumTokens: 3);

    [Fact]
    public void TryTake_WhenAllSlotsAreBusy_ReturnsNull()
    {
        var slots = new SlotPool(2, 100, rule: null);

        slots.TryTake([1], 10).ShouldBe(new SlotGrant(0));
        slots.TryTake([1], 10).ShouldBe(new SlotGrant(1));
        slots.TryTake([1], 10).ShouldBeNull();
        slots.Release(0);
        slots.TryTake([1], 10).ShouldBe(new SlotGrant(0));
        slots.BusyCount.ShouldBe(2);
    }

    [Fact]
    public void TryTake_WhenTheCellsDoNotSuffice_WaitsForThem()
    {
        var slots = new SlotPool(4, 100, rule: null);

        slots.TryTake([1], 60).ShouldBe(new SlotGrant(0));
        slots.TryTake([1], 50).ShouldBeNull();
        slots.TryTake([1], 40).ShouldBe(new SlotGrant(1));
        slots.Release(0);
        slots.TryTake([1], 60).ShouldBe(new SlotGrant(0));
    }

    [Fact]
    public void Release_WhenTheSlotIsFree_Throws() =>
        Should.Throw<InvalidOperationException>(() => new SlotPool(1, 1, rule: null).Release(0));

    [Fact]
    public void Keep_WhenNothingIsReused_ClearsTheSlot()
    {
        var slots = new SlotPool(2, 100, rule: null);
        Run(slots, [1, 2, 3, 4]);

        Clearings(slots).ShouldBe([new ClearFrame(0, 0)]);
        slots.TryTake([1, 2, 3, 4, 5], 10).ShouldBe(new SlotGrant(0));
    }

    [Fact]
    public void TryTake_WhenThePromptContinuesAnIdleSlot_TakesItOver()
    {
        var slots = new SlotPool(4, 100, s_rule);
        Run(slots, [1, 2, 3, 4, 5]);
        slots.BusyCount.ShouldBe(0);

        slots.TryTake([1, 2, 3, 4, 9, 9], 50).ShouldBe(new SlotGrant(0, SourceSlot: null, ReusedTokens: 4));

        Clearings(slots).ShouldBeEmpty();
    }

    [Fact]
    public void TryTake_WhenThePromptIsTheSame_LeavesItsLastTokenToBeComputed()
    {
        var slots = new SlotPool(4, 100, s_rule);
        Run(slots, [1, 2, 3, 4, 5]);

        slots.TryTake([1, 2, 3, 4, 5], 50)!.Value.ReusedTokens.ShouldBe(4);
    }

    [Fact]
    public void TryTake_WhenTooLittleIsShared_LeavesTheIdleSlotAlone()
    {
        var slots = new SlotPool(4, 100, s_rule);
        Run(slots, [1, 2, 3, 4, 5]);

        slots.TryTake([1, 2, 9, 9], 50).ShouldBe(new SlotGrant(1));
    }

    [Fact]
    public void TryTake_WhenMuchOfTheIdleSlotWouldBeLost_CopiesToAFreeSlot()
    {
        var slots = new SlotPool(3, 100, s_rule);
        Run(slots, [1, 2, 3, 4, 5, 6, 7, 8]);

        slots.TryTake([1, 2, 3, 4, 9, 9], 50).ShouldBe(new SlotGrant(1, SourceSlot: 0, ReusedTokens: 4));
        slots.TryTake([1, 2, 3, 4, 5, 6, 7, 8, 9], 20).ShouldBe(new SlotGrant(0, SourceSlot: null, ReusedTokens: 8));
    }

    [Fact]
    public void TryTake_WhenTooLittleIsSharedForACopy_StartsAnew()
    {
        var slots = new SlotPool(2, 100, new ReuseRule(MinimumTokens: 3, MinimumCopiedTokens: 5));
        Run(slots, [1, 2, 3, 4, 5, 6, 7, 8, 9]);

        slots.TryTake([1, 2, 3, 4, 0, 0], 10).ShouldBe(new SlotGrant(1));
        slots.Release(1);
        slots.TryTake([1, 2, 3, 4, 5, 0, 0], 10).ShouldBe(new SlotGrant(1, SourceSlot: 0, ReusedTokens: 5));
    }

    [Fact]
    public void TryTake_WhenBothDoNotFit_TakesTheIdleSlotOverThoughMuchIsLost()
    {
        var slots = new SlotPool(3, 20, s_rule);
        Run(slots, [1, 2, 3, 4, 5, 6, 7, 8]);

        slots.TryTake([1, 2, 3, 4, 9, 9], 15).ShouldBe(new SlotGrant(0, SourceSlot: null, ReusedTokens: 4));
    }

    [Fact]
    public void TryTake_WhenARunningSequenceBeginsAlike_CopiesWhatIsComputedOfIt()
    {
        var slots = new SlotPool(3, 100, s_rule);
        var running = Begin(slots, [1, 2, 3, 4, 5, 6]);
        slots.TryTake([1, 2, 3, 4, 5, 6], 10)!.Value.ReusedTokens.ShouldBe(0);
        running.OnComputed(4);

        slots.TryTake([1, 2, 3, 4, 5, 6], 10).ShouldBe(new SlotGrant(2, SourceSlot: 0, ReusedTokens: 4));
    }

    [Fact]
    public void TryTake_WhenSeveralSlotsBeginAlike_TakesTheLongestAndOfEqualsTheLeastLost()
    {
        var slots = new SlotPool(5, 100, s_rule);
        Begin(slots, [1, 2, 3, 4, 5]).OnComputed(5);
        Run(slots, [1, 2, 3, 7]);
        Run(slots, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Run(slots, [1, 2, 3, 4, 5, 8]);

        slots.TryTake([1, 2, 3, 4, 5, 9], 10).ShouldBe(new SlotGrant(3, SourceSlot: null, ReusedTokens: 5));
    }

    [Fact]
    public void TryTake_WhenSlotsAreShort_EmptiesTheLeastRecentlyUsed()
    {
        var slots = new SlotPool(2, 100, s_rule);
        Run(slots, [1, 1, 1, 1]);
        Run(slots, [2, 2, 2, 2]);
        Run(slots, [1, 1, 1, 1, 1]);

        slots.TryTake([3], 10).ShouldBe(new SlotGrant(1));

        Clearings(slots).ShouldBe([new ClearFrame(1, 0)]);
    }

    [Fact]
    public void TryTake_WhenCellsAreShort_EmptiesAsManyIdleSlotsAsItTakes()
    {
        var slots = new SlotPool(8, 30, s_rule);
        for (var token = 1; token <= 5; token++)
            Run(slots, [token, token, token, token, token]);

        slots.TryTake([9], 18).ShouldBe(new SlotGrant(0));

        Clearings(slots).ShouldBe([new ClearFrame(0, 0), new ClearFrame(1, 0), new ClearFrame(2, 0)]);
    }

    [Fact]
    public void Keep_WhenRowsAreStillUnderWay_ClearsThemAndKeepsTheRest()
    {
        var slots = new SlotPool(2, 100, s_rule);
        Begin(slots, [1, 2, 3, 4, 5, 6]).OnComputed(4);

        slots.Keep(0);

        Clearings(slots).ShouldBe([new ClearFrame(0, 4)]);
        slots.TryTake([1, 2, 3, 4, 5, 6], 10)!.Value.ReusedTokens.ShouldBe(4);
    }

    [Fact]
    public void Keep_WhenAnotherIdleSlotBeginsTheSame_KeepsTheLongerOnly()
    {
        var slots = new SlotPool(4, 100, s_rule);
        var (shorter, longer) = (Begin(slots, [1, 2, 3, 4]), Begin(slots, [1, 2, 3, 4, 5]));
        shorter.OnComputed(4);
        longer.OnComputed(5);

        slots.Keep(0);
        slots.Keep(1);
        Clearings(slots).ShouldBe([new ClearFrame(0, 0)]);
        Run(slots, [9]);
        Clearings(slots).ShouldBe([new ClearFrame(0, 0)]);
        Begin(slots, [1, 2, 3, 4]).OnComputed(4);
        slots.Keep(1);

        slots.TryTake([1, 2, 3, 4, 5], 10)!.Value.ReusedTokens.ShouldBe(4);
    }

    [Fact]
    public void Slots_WhenTheModelHasASlidingWindow_AreReusedAsAWholeOnly()
    {
        var slots = new SlotPool(4, 100, s_rule with { WholeOnly = true });
        Run(slots, [1, 2, 3, 4, 5]);
        Begin(slots, [7, 7, 7, 7, 7, 7]).OnComputed(5);

        slots.TryTake([7, 7, 7, 7, 7, 7], 10)!.Value.ReusedTokens.ShouldBe(0);
        slots.TryTake([1, 2, 3, 4, 9, 9], 10)!.Value.ReusedTokens.ShouldBe(0);
        slots.TryTake([1, 2, 3, 4, 5, 9], 10).ShouldBe(new SlotGrant(0, SourceSlot: null, ReusedTokens: 5));
        slots.Keep(1);
        Clearings(slots).ShouldBe([new ClearFrame(1, 0)]);
    }

    [Fact]
    public void Slots_WhateverHappens_HoldWhatTheyAreSaidToAndNeverMoreThanTheCells() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => new SlotPoolModel(new Random(seed)).Run(steps: 120))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    /// <summary>One sequence from its beginning to its end, all of it computed.</summary>
    private static void Run(SlotPool slots, int[] prompt)
    {
        var sequence = Begin(slots, prompt);
        sequence.OnComputed(prompt.Length);
        slots.Keep(sequence.Slot);
    }

    private static Sequence Begin(SlotPool slots, int[] prompt)
    {
        var grant = slots.TryTake(prompt, prompt.Length).ShouldNotBeNull();
        var sequence = new Sequence(grant.Slot, prompt, prompt.Length, drafts: null, grant.ReusedTokens);
        slots.Follow(grant.Slot, sequence);
        sequence.Take(new BatchInFlight(prompt.Length, maximumParts: 1), prompt.Length);
        return sequence;
    }

    private static List<ClearFrame> Clearings(SlotPool slots)
    {
        var clearings = new List<ClearFrame>();
        while (slots.TryTakeClearing(out var clearing))
            clearings.Add(clearing);
        return clearings;
    }
}
