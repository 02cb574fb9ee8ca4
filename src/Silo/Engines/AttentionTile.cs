namespace OrleansInference.Silo.Engines;

/// <summary>
/// llama.cpp's attention on a processor takes rows by tiles when a pass has a whole tile of them, and one by one when it has fewer, with other
/// rounding. What a row comes to does not depend on how many tiles there are, so a prompt that is cut into parts of a tile and more is
/// computed bit for bit as if it were not cut at all.
/// </summary>
internal static class AttentionTile
{
    public const int Rows = 64;

    /// <summary>
    /// The room that a batch gives a prompt so that no part of it is shorter than a tile: what would be left behind alone comes along, or,
    /// where there is no room for it, keeps company.
    /// </summary>
    /// <param name="left">The prompt's rows that were not sent yet.</param>
    /// <param name="room">The rows that it may have.</param>
    /// <param name="most">The rows that there is room for at all.</param>
    public static int Cut(int left, int room, int most)
    {
        if (left <= room || room < Rows || left - room >= Rows)
            return room;
        if (left <= most)
            return left;
        var shorter = left - Rows;
        shorter -= shorter % RowTile.Rows;
        return shorter >= Rows ? shorter : room;
    }
}
