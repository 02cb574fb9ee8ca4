using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class SlotTableTests
{
    private readonly SlotTable _slots = new(slotCount: 2, cellCount: 8, maximumBatchRows: 4, hasSlidingWindow: true);

    [Fact]
    public void RequireBatch_WhenSlotsInterleave_AcceptsEachSlotsNextPositions()
    {
        _slots.RequireBatch([new(0, 0, false), new(1, 0, false), new(0, 1, true), new(1, 1, true)]);
        _slots.Advance();

        (_slots.End(0), _slots.End(1), _slots.PositionCount).ShouldBe((2, 2, 4));
    }

    [Fact]
    public void RequireBatch_WhenItRefuses_ChangesNothing()
    {
        Should.Throw<ArgumentException>(() => _slots.RequireBatch([new(0, 0, false), new(0, 2, false)]))
            .Message.ShouldContain("goes on at position 1");
        _slots.RequireBatch([new(0, 0, false)]);
    }

    [Fact]
    public void RequireBatch_WhenAPositionIsBeyondTheCache_Refuses()
    {
        _slots.Imported(0, 8);

        Should.Throw<ArgumentException>(() => _slots.RequireBatch([new(0, 8, false)])).Message.ShouldContain("8 cells");
    }

    [Fact]
    public void RequireWhole_WhenAWindowedSlotWasImported_RefusesToGoBackBehindIt()
    {
        _slots.Imported(0, 5);
        _slots.Copied(0, 1, 5);

        Should.Throw<ArgumentException>(() => _slots.RequireWhole(0, 4)).Message.ShouldContain("replay");
        Should.Throw<ArgumentException>(() => _slots.RequireWhole(1, 4));
        _slots.RequireWhole(0, 5);
        _slots.RequireWhole(0, 0);
        _slots.Truncate(0, 0);
        _slots.RequireWhole(0, 3);
    }
}
