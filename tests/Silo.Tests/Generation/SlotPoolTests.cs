using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class SlotPoolTests
{
    [Fact]
    public void TryTake_WhenAllSlotsAreBusy_ReturnsNull()
    {
        var slots = new SlotPool(2, 100);

        slots.TryTake(10).ShouldBe(0);
        slots.TryTake(10).ShouldBe(1);
        slots.TryTake(10).ShouldBeNull();
        slots.Release(0);
        slots.TryTake(10).ShouldBe(0);
        slots.BusyCount.ShouldBe(2);
    }

    [Fact]
    public void TryTake_WhenTheCellsDoNotSuffice_WaitsForThem()
    {
        var slots = new SlotPool(4, 100);

        slots.TryTake(60).ShouldBe(0);
        slots.TryTake(50).ShouldBeNull();
        slots.TryTake(40).ShouldBe(1);
        slots.Release(0);
        slots.TryTake(60).ShouldBe(0);
    }

    [Fact]
    public void Release_WhenTheSlotIsFree_Throws() => Should.Throw<InvalidOperationException>(() => new SlotPool(1, 1).Release(0));
}
