using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Cuts a batch into passes of consecutive slots with equally many rows each. With a cache of its own for every slot, llama.cpp computes
/// only such batches in one go and in the order given; of any other it would reorder the rows.
/// </summary>
internal sealed class BatchPasses(int slotCount, int maximumRows)
{
    private readonly int[] _counts = new int[slotCount];
    private readonly int[] _places = new int[slotCount];
    private readonly int[] _order = new int[maximumRows];
    private readonly int[] _ends = new int[slotCount];
    private int _rowCount;

    public int Count { get; private set; }

    /// <summary>Whether the passes take the rows as they are.</summary>
    public bool IsInOrder { get; private set; }

    /// <summary>The batch's rows in the order of all passes.</summary>
    public ReadOnlySpan<int> Order => _order.AsSpan(0, _rowCount);

    public Range this[int pass] => (pass == 0 ? 0 : _ends[pass - 1]).._ends[pass];

    /// <param name="rows">Each slot's in the order of its positions.</param>
    public void Cut(ReadOnlySpan<BatchRow> rows)
    {
        Array.Clear(_counts);
        foreach (var row in rows)
            _counts[row.Slot]++;
        CutSlots();
        _rowCount = rows.Length;
        IsInOrder = true;
        for (var row = 0; row < rows.Length; row++)
        {
            var place = _places[rows[row].Slot]++;
            IsInOrder &= place == row;
            _order[place] = row;
        }
    }

    private void CutSlots()
    {
        var (end, before) = (0, 0);
        Count = 0;
        for (var slot = 0; slot < slotCount; slot++)
        {
            _places[slot] = end;
            if (_counts[slot] > 0)
            {
                if (_counts[slot] != before)
                    Count++;
                end += _counts[slot];
                _ends[Count - 1] = end;
            }
            before = _counts[slot];
        }
    }
}
