using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class SeatPlanTests
{
    private const int SlotCount = 16;
    private const int PassBytes = 1_000;
    private const int CellBytes = 10;

    private readonly SlotSeats _seats = new(SlotCount);
    private readonly SlotTable _slots = new(SlotCount, cellCount: 100_000_000, maximumBatchRows: 64, hasSlidingWindow: false);
    private readonly SeatPlan _plan;
    private readonly BatchPasses _passes = new(SlotCount, maximumRows: 64);

    public SeatPlanTests() => _plan = new SeatPlan(_seats, _slots, PassBytes, CellBytes);

    [Fact]
    public void Next_WhenSlotsAreNeighbours_LeavesThem()
    {
        Compute(3, 4, 5).ShouldBe((1, 0));
        Compute(5, 3, 4).ShouldBe((1, 0));
        Compute(9).ShouldBe((1, 0));
    }

    [Fact]
    public void Next_WhenSlotsAreApart_SeatsThemSideBySide()
    {
        Compute(1, 9, 4).Passes.ShouldBe(1);

        new[] { 1, 4, 9 }.Select(slot => _seats[slot]).Order().ShouldBe([0, 1, 2]);
        Enumerable.Range(0, SlotCount).Select(slot => _seats.SlotAt(_seats[slot])).ShouldBe(Enumerable.Range(0, SlotCount));
    }

    [Fact]
    public void Next_WhenAMoveTouchesMoreThanPassesHaveRead_WaitsForIt()
    {
        Hold(0, 100);
        Hold(1, 25);
        Hold(2, 75);

        Compute(0, 2).ShouldBe((2, 0));
        Compute(0, 2).ShouldBe((1, 2 * (25 + 75) * CellBytes));
        _seats[2].ShouldBe(1);
    }

    [Fact]
    public void Next_WhenPlacesAreAsNear_TakesThoseThatNobodyUses()
    {
        Hold(1, 1);
        Compute(1);
        Compute(0, 2).Passes.ShouldBe(1);

        _seats[1].ShouldBe(1);
        _seats[0].ShouldBe(3);
    }

    [Fact]
    public void Next_WhenASlotHoldsTooMuchToMove_MovesTheOthersToIt()
    {
        Hold(9, 10_000_000);
        Hold(2, 5);

        Compute(2, 9).Passes.ShouldBe(1);

        _seats[9].ShouldBe(9);
        _seats[2].ShouldBeOneOf(8, 10);
    }

    [Fact]
    public void Next_WhenNeitherSlotCanMove_LeavesBoth()
    {
        Hold(2, 10_000_000);
        Hold(9, 10_000_000);

        Enumerable.Range(0, 100).ShouldAllBe(_ => Compute(2, 9).Passes == 2);
        _seats[2].ShouldBe(2);
        _seats[9].ShouldBe(9);

        // Nor do others have the move free of charge.
        Hold(4, 200);
        Hold(5, 200);
        Hold(6, 200);
        Compute(4, 6).ShouldBe((2, 0));
    }

    [Fact]
    public void Next_WhenAPromptIsBetweenStreams_MovesTheStreamsOnly()
    {
        Compute(0, 1, 1, 1, 2).Passes.ShouldBe(2);

        _seats[1].ShouldNotBe(0);
        Math.Abs(_seats[0] - _seats[2]).ShouldBe(1);
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(2, 4)]
    [InlineData(3, 5)]
    [InlineData(4, 4)]
    public void Next_WhenScatteredGroupsTakeTurns_SeatsEachSideBySide(int groups, int size)
    {
        for (var slot = 0; slot < SlotCount; slot++)
            Hold(slot, 20);
        var batches = Enumerable.Range(0, groups)
            .Select(group => Enumerable.Range(0, size).Select(place => (group + (groups * place)) % SlotCount).ToArray()).ToArray();

        for (var round = 0; round < 40; round++)
        {
            foreach (var batch in batches)
                Compute(batch);
        }

        batches.Select(batch => Compute(batch)).ShouldAllBe(one => one == new Computed(1, 0));
    }

    [Fact]
    public void Next_WhenAMoveSparesOthersAPassToo_MakesItAtOnce()
    {
        for (var slot = 0; slot < SlotCount; slot++)
            Hold(slot, 10);

        Compute(0, 2, 3, 4).Passes.ShouldBe(1);
        Compute(1, 5, 6, 7).Passes.ShouldBe(1);
        Compute(0, 2, 3, 4).ShouldBe((1, 0));
        Compute(1, 5, 6, 7).ShouldBe((1, 0));
    }

    [Fact]
    public void Next_WhenAMoveWouldPartAsMany_MakesNone()
    {
        Hold(0, 10_000_000);
        Hold(2, 10_000_000);
        Compute(1, 2);
        Compute(3);

        for (var round = 0; round < 100; round++)
        {
            Compute(0, 4).ShouldBe((2, 0));
            Compute(1, 2).ShouldBe((1, 0));
            Compute(3).ShouldBe((1, 0));
        }
    }

    [Fact]
    public void Next_WhateverTheBatches_NeverMovesMoreThanPassesHaveRead()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var (seats, slots) = (new SlotSeats(SlotCount), new SlotTable(SlotCount, 1_000, 64, hasSlidingWindow: false));
            var plan = new SeatPlan(seats, slots, PassBytes, CellBytes);
            var (moved, read) = (0L, 0L);
            for (var step = 0; step < 200; step++)
            {
                slots.Imported(random.Next(SlotCount), random.Next(200));
                var members = Enumerable.Range(0, SlotCount).Where(_ => random.Next(3) == 0).ToArray();
                read += Math.Max(0, PassCount(seats, members) - 1) * PassBytes;
                foreach (var (slot, other) in plan.Next(Rows(members)))
                {
                    moved += 2 * CellBytes * (slots.End(slot) + slots.End(other));
                    seats.Exchange(slot, other);
                    members.ShouldContain(slot, $"seed {seed}");
                    members.ShouldNotContain(other, $"seed {seed}");
                }
                moved.ShouldBeLessThanOrEqualTo(read, $"seed {seed}");
            }
        }
    }

    /// <summary>A batch as an engine computes it: moves first.</summary>
    private Computed Compute(params int[] slots)
    {
        var moved = 0L;
        foreach (var (slot, other) in _plan.Next(Rows(slots)))
        {
            moved += 2 * CellBytes * (_slots.End(slot) + _slots.End(other));
            _seats.Exchange(slot, other);
        }
        _passes.Cut(_seats.Seat(Rows(slots), new BatchRow[slots.Length]));
        return new Computed(_passes.Count, moved);
    }

    private void Hold(int slot, int positions) => _slots.Imported(slot, positions);

    private static int PassCount(SlotSeats seats, int[] slots)
    {
        var taken = slots.Select(slot => seats[slot]).ToHashSet();
        return taken.Count(seat => !taken.Contains(seat - 1));
    }

    private static BatchRow[] Rows(int[] slots) => [.. slots.Select(slot => new BatchRow(slot, 0, Sample: true))];

    private readonly record struct Computed(int Passes, long MovedBytes)
    {
        public static implicit operator Computed((int Passes, int Moved) value) => new(value.Passes, value.Moved);
    }
}
