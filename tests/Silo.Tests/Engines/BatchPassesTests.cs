using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class BatchPassesTests
{
    private readonly BatchPasses _passes = new(slotCount: 8, maximumRows: 16);

    [Fact]
    public void Cut_WhenSlotsAreNeighboursWithARowEach_MakesOnePassOfThem()
    {
        Cut(2, 3, 4);

        Passes().ShouldBe(["0 1 2"]);
        _passes.IsInOrder.ShouldBeTrue();
    }

    [Fact]
    public void Cut_WhenSlotsComeInAnotherOrder_SortsTheirRows()
    {
        Cut(4, 2, 3);

        Passes().ShouldBe(["1 2 0"]);
        _passes.IsInOrder.ShouldBeFalse();
    }

    [Fact]
    public void Cut_WhenASlotIsLeftOut_MakesAPassOnEitherSide()
    {
        Cut(0, 1, 3, 7);

        Passes().ShouldBe(["0 1", "2", "3"]);
        _passes.IsInOrder.ShouldBeTrue();
    }

    [Fact]
    public void Cut_WhenNeighboursHaveOtherNumbersOfRows_KeepsThemApart()
    {
        Cut(0, 1, 2, 2, 2, 3, 3, 3, 4);

        Passes().ShouldBe(["0 1", "2 3 4 5 6 7", "8"]);
    }

    [Fact]
    public void Cut_WhenRowsOfSlotsInterleave_KeepsEachSlotsRowsTogetherAndInOrder()
    {
        Cut(1, 0, 1, 0);

        Passes().ShouldBe(["1 3 0 2"]);
    }

    [Fact]
    public void Cut_WhenASecondBatchFollows_ForgetsTheFirst()
    {
        Cut(0, 2, 4, 6);
        Cut(5);

        Passes().ShouldBe(["0"]);
        _passes.Order.Length.ShouldBe(1);
    }

    private void Cut(params int[] slots) =>
        _passes.Cut([.. slots.Select((slot, index) => new BatchRow(slot, slots[..index].Count(other => other == slot), false))]);

    private List<string> Passes() =>
        [.. Enumerable.Range(0, _passes.Count).Select(pass => string.Join(' ', _passes.Order[_passes[pass]].ToArray()))];
}
