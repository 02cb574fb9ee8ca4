namespace OrleansInference.Silo.Engines;

/// <summary>
/// llama.cpp's CPU kernels multiply rows four at a time, reading the weights once for the four; rows that are over they multiply one by
/// one, reading all weights for each, so that a fourth row costs little beside three, and a fifth as much as a row alone.
/// </summary>
internal static class RowTile
{
    public const int Rows = 4;

    /// <summary>
    /// Decode rows of one batch when streams are spread over so many: whole tiles once there is one, and a tile rather than three
    /// quarters of it. Streams that are left over wait for the next batch.
    /// </summary>
    public static int ShareOf(int streams, int batches)
    {
        var share = (streams + batches - 1) / batches;
        if (share == Rows - 1 && streams >= Rows)
            return Rows;
        return share > Rows ? share - share % Rows : share;
    }

    /// <summary>How many of the rows that there is room for end a batch of so many at a whole tile; all, when none do.</summary>
    public static int Fill(int rowCount, int room)
    {
        var whole = room - (rowCount + room) % Rows;
        return whole > 0 ? whole : room;
    }
}
