namespace OrleansInference.Silo.Generation;

/// <summary>
/// A pipeline's slots and the KV cells that they share. A sequence takes a slot only if the cells it may come to need are free.
/// </summary>
internal sealed class SlotPool(int slotCount, int cellCount)
{
    private readonly int?[] _cellsTaken = new int?[slotCount];
    private int _freeCells = cellCount;

    public int BusyCount { get; private set; }

    /// <summary>The lowest free slot, or null when the sequence has to wait.</summary>
    public int? TryTake(int cells)
    {
        var slot = Array.FindIndex(_cellsTaken, taken => taken is null);
        if (slot < 0 || cells > _freeCells)
            return null;
        _cellsTaken[slot] = cells;
        _freeCells -= cells;
        BusyCount++;
        return slot;
    }

    public void Release(int slot)
    {
        _freeCells += _cellsTaken[slot] ?? throw new InvalidOperationException($"Slot {slot} is free already.");
        _cellsTaken[slot] = null;
        BusyCount--;
    }
}
