using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Which slots are to change places so that those of a batch sit side by side and are computed in one pass. To move them is worth it as
/// soon as the passes that were made for want of it have read as many bytes of weights as the move would touch; so it never costs more
/// than as much again, whatever batches come next.
/// </summary>
/// <param name="slots">What each slot holds.</param>
/// <param name="passBytes">Weights that one more pass reads.</param>
/// <param name="cellBytes">Keys and values of one position.</param>
internal sealed class SeatPlan(SlotSeats seats, SlotTable slots, long passBytes, long cellBytes)
{
    /// <summary>A larger slot stays where it is: while two change places, what they hold is in memory twice.</summary>
    private const long MaximumSlotBytes = 64 << 20;

    /// <summary>A slot of none of the latest batches waits, or has ended.</summary>
    private const int LatelyBatches = 16;

    /// <summary>What it costs to take a slot that is in use from its own neighbours, who then need more passes until they have moved.</summary>
    private const int DisplacingPasses = 2;

    private const long Never = long.MaxValue;

    private readonly int[] _rowCounts = new int[seats.Count];
    private readonly long[] _lastBatches = new long[seats.Count];
    private readonly SlotExchange[] _exchanges = new SlotExchange[seats.Count];
    private long _batches = LatelyBatches;
    private long _owedBytes;

    /// <returns>Slots to change places before the batch is computed; valid until the next batch.</returns>
    public ReadOnlySpan<SlotExchange> Next(ReadOnlySpan<BatchRow> rows)
    {
        CountRows(rows);
        var (members, passes) = CountPasses();
        if (passes < 2)
            return default;
        var (start, cost) = FindPlaces(members);
        // Passes that no move could spare are not owed: otherwise they would add up without a bound.
        if (cost == Never)
            return default;
        _owedBytes += (passes - 1) * passBytes;
        if (cost > _owedBytes)
            return default;
        _owedBytes = 0;
        return Exchanges(start, start + members);
    }

    private void CountRows(ReadOnlySpan<BatchRow> rows)
    {
        _batches++;
        Array.Clear(_rowCounts);
        foreach (var row in rows)
        {
            _rowCounts[row.Slot]++;
            _lastBatches[row.Slot] = _batches;
        }
    }

    /// <summary>Of slots with one row, as streams have. Prompts, with many, need passes of their own wherever they sit.</summary>
    private (int Members, int Passes) CountPasses()
    {
        var (members, passes) = (0, 0);
        var isBefore = false;
        for (var seat = 0; seat < seats.Count; seat++)
        {
            var isMember = IsMember(seat);
            members += isMember ? 1 : 0;
            passes += isMember && !isBefore ? 1 : 0;
            isBefore = isMember;
        }
        return (members, passes);
    }

    private (int Start, long Cost) FindPlaces(int count)
    {
        var (best, bestCost) = (0, Never);
        for (var start = 0; start <= seats.Count - count; start++)
        {
            var cost = CostOf(start, start + count);
            if (cost < bestCost)
                (best, bestCost) = (start, cost);
        }
        return (best, bestCost);
    }

    private long CostOf(int start, int end)
    {
        var cost = 0L;
        for (var seat = 0; seat < seats.Count; seat++)
        {
            var isInside = seat >= start && seat < end;
            if (IsMember(seat) == isInside)
                continue;
            var slot = seats.SlotAt(seat);
            var bytes = slots.End(slot) * cellBytes;
            if (bytes > MaximumSlotBytes)
                return Never;
            cost += 2 * bytes;
            if (isInside && _batches - _lastBatches[slot] < LatelyBatches)
                cost += DisplacingPasses * passBytes;
        }
        return cost;
    }

    private ReadOnlySpan<SlotExchange> Exchanges(int start, int end)
    {
        var (count, next) = (0, start);
        for (var seat = 0; seat < seats.Count; seat++)
        {
            if (!IsMember(seat) || (seat >= start && seat < end))
                continue;
            while (IsMember(next))
                next++;
            _exchanges[count++] = new SlotExchange(seats.SlotAt(seat), seats.SlotAt(next++));
        }
        return _exchanges.AsSpan(0, count);
    }

    private bool IsMember(int seat) => _rowCounts[seats.SlotAt(seat)] == 1;
}

/// <summary>Two slots that are to change places.</summary>
internal readonly record struct SlotExchange(int Slot, int Other);
