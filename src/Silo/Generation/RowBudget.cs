namespace OrleansInference.Silo.Generation;

/// <summary>
/// How many rows a batch may hold while streams decode, so that the slowest stage is done with it in about the wanted time: prompts
/// fill a batch up to this and no further, because every stream waits for the whole batch. Learns from the batches that held rows of
/// prompts, slowly enough not to follow a single one.
/// </summary>
internal sealed class RowBudget(int maximumRows, int stepMilliseconds)
{
    /// <summary>Rows of prompts that a batch takes at any rate.</summary>
    public const int LeastPromptRows = 16;

    private const int FirstRows = 32;
    private const double FallShare = 0.5;
    private const double RiseShare = 0.25;
    private const double MaximumStretch = 4;

    private double _rows = Math.Min(FirstRows, maximumRows);

    public int Rows => (int)_rows;

    /// <summary>
    /// More for several prompts: each that waits for its own batch waits for the streams' rows in all batches before it, too. That waiting
    /// is least with about the square root of the prompts in each batch, where a prompt takes about as long as the streams' rows.
    /// </summary>
    /// <param name="prompts">How many wait.</param>
    public int RowsFor(int prompts) => (int)Math.Min(_rows * Math.Clamp(Math.Sqrt(prompts), 1, MaximumStretch), maximumRows);

    /// <param name="rows">Rows of a batch that held some of prompts.</param>
    public void Observe(int rows, int slowestMicroseconds)
    {
        if (rows < 1 || slowestMicroseconds < 1)
            return;
        var fitting = rows * (stepMilliseconds * 1000.0) / slowestMicroseconds;
        if (slowestMicroseconds > stepMilliseconds * 1000L)
            _rows -= Math.Max(0, _rows - fitting) * FallShare;
        else
            // A small batch that was quick shows that more rows fit, never that fewer do: its fixed costs count as those of rows.
            _rows += Math.Clamp(fitting - _rows, 0, _rows) * RiseShare;
        _rows = Math.Clamp(_rows, Math.Min(LeastPromptRows, maximumRows), maximumRows);
    }
}
