namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>How a slice's cells are given to its slots.</summary>
internal static class KvLayout
{
    /// <summary>llama.cpp rounds the cells of a slot up to a multiple of this.</summary>
    private const int CellMultiple = 256;

    /// <summary>
    /// Slots of a model with a sliding window cannot change places. Below so many cells it costs less to pass over those of others than to
    /// compute busy slots with gaps between them in several passes.
    /// </summary>
    private const int LeastFixedCells = 24 * 1024;

    /// <summary>
    /// Whether each slot has an equal share of the cells for its own. Otherwise all slots share all cells, and every row looks, if only in
    /// passing, at the cells of all the others. Shares that llama.cpp would round up stay shared: they would take more memory than planned.
    /// </summary>
    public static bool IsPerSlot(int slotCount, int cellCount, bool hasSlidingWindow) =>
        slotCount > 1 && cellCount % (slotCount * CellMultiple) == 0 && (!hasSlidingWindow || cellCount >= LeastFixedCells);
}
