using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Which slots are to change places so that those of a batch sit side by side and are computed in one pass. To move them is worth it as
/// soon as the passes that were made for want of it have read as many bytes of weights as the move would touch; so it never costs more
/// than as much again, whatever batches come next. Slots that were in one batch last are taken to be in one again: a move that
/// would part as many of those is none.
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

    private const long Nobody = 0;

    private readonly int[] _rowCounts = new int[seats.Count];
    private readonly long[] _streamBatches = new long[seats.Count];
    private readonly long[] _neighbours = new long[seats.Count];
    private readonly SlotExchange[] _exchanges = new SlotExchange[seats.Count];
    private long _batch;
    private long _owedBytes;

    /// <returns>Slots to change places before the batch is computed; valid until the next batch.</returns>
    public ReadOnlySpan<SlotExchange> Next(ReadOnlySpan<BatchRow> rows)
    {
        CountRows(rows);
        var (members, passes) = CountPasses();
        if (passes < 2)
            return default;
        // Passes that no move could spare are not owed: otherwise they would add up without a bound.
        if (FindPlaces(members) is not { } best)
            return default;
        _owedBytes += (passes - 1) * passBytes;
        if (best.Bytes > _owedBytes)
            return default;
        _owedBytes = 0;
        return Exchanges(best.Start, best.Start + members);
    }

    /// <summary>Streams are slots with one row. Prompts, with many, need passes of their own wherever they sit.</summary>
    private void CountRows(ReadOnlySpan<BatchRow> rows)
    {
        _batch++;
        Array.Clear(_rowCounts);
        foreach (var row in rows)
            _streamBatches[row.Slot] = ++_rowCounts[row.Slot] == 1 ? _batch : Nobody;
    }

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

    /// <summary>Places that spare the most passes, each as dear as the bytes that it reads; null when none spare any.</summary>
    private Places? FindPlaces(int count)
    {
        Places? best = null;
        for (var start = 0; start <= seats.Count - count; start++)
        {
            if (Try(start, start + count) is { } places && (best is null || places.CostAt(passBytes) < best.Value.CostAt(passBytes)))
                best = places;
        }
        return best;
    }

    private Places? Try(int start, int end)
    {
        for (var seat = 0; seat < seats.Count; seat++)
            _neighbours[seat] = LatelyWith(seats.SlotAt(seat));
        var passes = CountNeighbourhoods();
        var bytes = 0L;
        foreach (var (slot, other) in Exchanges(start, end))
        {
            var (slotBytes, otherBytes) = (slots.End(slot) * cellBytes, slots.End(other) * cellBytes);
            if (Math.Max(slotBytes, otherBytes) > MaximumSlotBytes)
                return null;
            bytes += 2 * (slotBytes + otherBytes);
            (_neighbours[seats[slot]], _neighbours[seats[other]]) = (_neighbours[seats[other]], _neighbours[seats[slot]]);
        }
        var spared = passes - CountNeighbourhoods();
        return spared > 0 ? new Places(start, bytes, spared) : null;
    }

    /// <summary>Passes of all batches together, if each slot's next is with those that it was with last.</summary>
    private int CountNeighbourhoods()
    {
        var count = 0;
        for (var seat = 0; seat < _neighbours.Length; seat++)
            count += _neighbours[seat] != Nobody && (seat == 0 || _neighbours[seat] != _neighbours[seat - 1]) ? 1 : 0;
        return count;
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

    private long LatelyWith(int slot) => _batch - _streamBatches[slot] < LatelyBatches ? _streamBatches[slot] : Nobody;

    private bool IsMember(int seat) => _rowCounts[seats.SlotAt(seat)] == 1;

    /// <param name="Start">The first seat.</param>
    /// <param name="Bytes">What moving there touches.</param>
    /// <param name="SparedPasses">Of this batch and the others.</param>
    private readonly record struct Places(int Start, long Bytes, int SparedPasses)
    {
        public long CostAt(long passBytes) => Bytes - (SparedPasses * passBytes);
    }
}

/// <summary>Two slots that are to change places.</summary>
internal readonly record struct SlotExchange(int Slot, int Other);
