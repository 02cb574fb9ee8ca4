namespace OrleansInference.Silo.Engines;

/// <summary>
/// llama.cpp's CPU kernels multiply rows four at a time, reading the weights once for the four; rows that are over they multiply one by
/// one, reading all weights for each, so that a fourth row costs little beside three, and a fifth as much as a row alone.
/// </summary>
internal static class RowTile
{
    public const int Rows = 4;

    /// <summary>
    /// Decode rows of one batch when streams are spread over so many: a tile rather than three quarters of one, and whole tiles where the
    /// streams that are then left over, and wait for the next batch, cost less than parts of tiles would.
    /// </summary>
    public static int ShareOf(int streams, int batches)
    {
        var share = (streams + batches - 1) / batches;
        if (share % Rows == Rows - 1 && share < streams)
            return share + 1;
        var whole = share - (share % Rows);
        if (whole == 0)
            return share;
        // While one batch is under way for each stage, each takes as long as the longest.
        var rounds = (streams + whole - 1) / whole;
        return batches == 1 || rounds * CostOf(whole) < batches * CostOf(share) ? whole : share;
    }

    /// <summary>How many of the rows that there is room for end a batch of so many at a whole tile; all, when none do.</summary>
    public static int Fill(int rowCount, int room)
    {
        var whole = room - (rowCount + room) % Rows;
        return whole > 0 ? whole : room;
    }

    /// <summary>In single rows, about: a tile costs two to three, and two rows or three that are over about as much.</summary>
    private static int CostOf(int rows) => (2 * (rows / Rows)) + Math.Min(2, rows % Rows);
}
