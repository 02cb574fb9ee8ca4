using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Bench;

/// <summary>What the cache holds and what a step computes, with the CPU time of a step in either layout, round by round.</summary>
/// <param name="Depth">Positions in each slot that is filled.</param>
/// <param name="Filled">Slots that hold so many positions.</param>
/// <param name="Active">Slots of a step's rows.</param>
/// <param name="RowsPerSlot">1 decodes; more is a chunk of a prompt.</param>
internal sealed record KvCase(string Name, int Depth, int[] Filled, int[] Active, int RowsPerSlot)
{
    public List<double> UnifiedMilliseconds { get; } = [];

    public List<double> SeparateMilliseconds { get; } = [];

    public BatchRow[] Rows(int step) =>
    [
        .. Active.SelectMany(slot => Enumerable.Range(0, RowsPerSlot)
            .Select(row => new BatchRow(slot, Depth + (step * RowsPerSlot) + row, Sample: false))),
    ];
}
