using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>What each slot of an engine holds, and whether a batch may follow on it.</summary>
internal sealed class SlotTable(int slotCount, int cellCount, int maximumBatchRows, bool hasSlidingWindow)
{
    private readonly int[] _ends = new int[slotCount];
    private readonly int[] _expected = new int[slotCount];
    private readonly int[] _importedEnds = new int[slotCount];

    /// <summary>One past the last position of a slot.</summary>
    public int End(int slot) => _ends[slot];

    /// <summary>Positions of all slots together; cells that slots share count for each.</summary>
    public int PositionCount => _ends.Sum();

    /// <exception cref="ArgumentException">The batch is empty, too large, or does not continue its slots; nothing has changed.</exception>
    public void RequireBatch(ReadOnlySpan<BatchRow> rows)
    {
        if (rows.Length < 1 || rows.Length > maximumBatchRows)
            throw new ArgumentException($"The batch has {rows.Length} rows; it must have from 1 to {maximumBatchRows}.");
        _ends.CopyTo(_expected, 0);
        for (var index = 0; index < rows.Length; index++)
        {
            var (slot, position, _) = rows[index];
            if ((uint)slot >= (uint)slotCount)
                throw new ArgumentException($"Row {index} is for slot {slot}; there are slots 0 to {slotCount - 1}.");
            if (position != _expected[slot])
                throw new ArgumentException(
                    $"Row {index} has position {position} of slot {slot}, which goes on at position {_expected[slot]}.");
            if (position >= cellCount)
                throw new ArgumentException($"Row {index} has position {position}; the cache has {cellCount} cells.");
            _expected[slot]++;
        }
    }

    /// <summary>Takes a batch that <see cref="RequireBatch"/> accepted last as done.</summary>
    public void Advance() => _expected.CopyTo(_ends, 0);

    public void RequireSlot(int slot)
    {
        if ((uint)slot >= (uint)slotCount)
            throw new ArgumentException($"There is no slot {slot}; there are slots 0 to {slotCount - 1}.");
    }

    public void RequireEmpty(int slot)
    {
        RequireSlot(slot);
        if (_ends[slot] != 0)
            throw new ArgumentException($"Slot {slot} holds {_ends[slot]} positions; it must be empty.");
    }

    /// <summary>
    /// Refuses to go back behind an import in a model with windowed layers: exported state lacks the cells outside the window, which the
    /// earlier position would look at.
    /// </summary>
    public void RequireWhole(int slot, int endPosition)
    {
        if (hasSlidingWindow && endPosition > 0 && endPosition < _importedEnds[slot])
            throw new ArgumentException(
                $"Slot {slot} was imported up to position {_importedEnds[slot]}; a model with a sliding window cannot go back to "
                + $"{endPosition}. Clear the slot from position 0 and replay it.");
    }

    public void Truncate(int slot, int fromPosition)
    {
        _ends[slot] = Math.Min(_ends[slot], fromPosition);
        if (fromPosition == 0)
            _importedEnds[slot] = 0;
    }

    public void Copied(int sourceSlot, int targetSlot, int endPosition)
    {
        _ends[targetSlot] = endPosition;
        _importedEnds[targetSlot] = Math.Min(_importedEnds[sourceSlot], endPosition);
    }

    public void Imported(int slot, int endPosition)
    {
        _ends[slot] = endPosition;
        _importedEnds[slot] = endPosition;
    }
}
