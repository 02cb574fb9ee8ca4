using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Fills a batch of streams up to a whole tile (<see cref="RowTile"/>) with rows of idle neighbours that are forgotten afterwards, where
/// that is measured to be quicker: with kernels that multiply four rows at once and those that are over one by one, three rows may take longer
/// than four. What a row is computed to does not depend on others, but for its last bits.
/// </summary>
/// <param name="seatCellCount">The positions that each seat has room for.</param>
/// <param name="isMeasured">Whether times decide; otherwise every batch is filled that can be.</param>
internal sealed class TileFill(int seatCount, int seatCellCount, bool isMeasured)
{
    /// <summary>A single row more than whole tiles costs less than the tile that it would begin.</summary>
    private const int LeastOver = 2;

    private readonly PassTimes _times = new(seatCount);
    private readonly bool[] _isTaken = new bool[seatCount];

    /// <summary>Adds rows behind those of a batch.</summary>
    /// <param name="rows">The batch's rows, seated, with room for more behind them.</param>
    /// <param name="endOf">The next position of a seat.</param>
    /// <returns>How many were added; 0 for a batch that is not of neighbouring streams only.</returns>
    public int Fill(Span<BatchRow> rows, int rowCount, Func<int, int> endOf)
    {
        var missing = (RowTile.Rows - (rowCount % RowTile.Rows)) % RowTile.Rows;
        var filled = rowCount + missing;
        if (missing is 0 or > RowTile.Rows - LeastOver || filled > rows.Length
            || FindRun(rows[..rowCount]) is not { } run
            || FindPlaces(run - missing, run, filled, endOf) is not { } first
            || (isMeasured && !_times.IsQuicker(filled, rowCount)))
            return 0;
        for (var seat = first; seat < first + filled; seat++)
        {
            if (!_isTaken[seat])
                rows[rowCount++] = new BatchRow(seat, endOf(seat), Sample: true);
        }
        return missing;
    }

    /// <summary>How long a batch took.</summary>
    /// <param name="rows">All its rows, those that were added included.</param>
    public void Observe(ReadOnlySpan<BatchRow> rows, long ticks)
    {
        if (isMeasured && rows.Length <= seatCount && FindRun(rows) is not null)
            _times.Observe(rows.Length, ticks);
    }

    /// <returns>The first of consecutive seats with one row each; null when rows are of others.</returns>
    private int? FindRun(ReadOnlySpan<BatchRow> rows)
    {
        Array.Clear(_isTaken);
        var (first, last) = (seatCount, -1);
        foreach (var row in rows)
        {
            if (_isTaken[row.Slot])
                return null;
            _isTaken[row.Slot] = true;
            (first, last) = (Math.Min(first, row.Slot), Math.Max(last, row.Slot));
        }
        return last - first + 1 == rows.Length ? first : null;
    }

    /// <summary>Among the seats from the first to the last start those where added rows look back at the fewest positions.</summary>
    private int? FindPlaces(int firstStart, int lastStart, int count, Func<int, int> endOf)
    {
        int? best = null;
        var least = int.MaxValue;
        for (var start = Math.Max(0, firstStart); start <= Math.Min(lastStart, seatCount - count); start++)
        {
            if (CostOf(start, count, endOf) is not { } cost || cost >= least)
                continue;
            (best, least) = (start, cost);
        }
        return best;
    }

    /// <returns>Null when a seat is full.</returns>
    private int? CostOf(int start, int count, Func<int, int> endOf)
    {
        var cost = 0;
        for (var seat = start; seat < start + count; seat++)
        {
            if (_isTaken[seat])
                continue;
            var end = endOf(seat);
            if (end >= seatCellCount)
                return null;
            cost += end;
        }
        return cost;
    }
}
