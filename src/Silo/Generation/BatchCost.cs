namespace OrleansInference.Silo.Generation;

/// <summary>
/// What a batch of some rows costs the slowest stage beside a single row: little where it waits for weights and not for rows, and nearly
/// as much as the rows one by one on a processor. Learnt from the batches that went; a measurement that grew old is made again.
/// </summary>
/// <param name="rows">Rows of such a batch.</param>
/// <param name="unknownRatio">What it is taken for while it is not known: low enough to try it once.</param>
/// <param name="singleLife">After so many batches a single row is measured again.</param>
internal sealed class BatchCost(int rows, double unknownRatio, int singleLife)
{
    public const int LifeBatches = 256;

    private const double NewShare = 0.5;

    private double _single;
    private double _batch;
    private int _singleAge;
    private int _batchAge;

    public int Rows => rows;

    /// <summary>Whether such a batch was ever measured.</summary>
    public bool IsMeasured => _batch > 0;

    /// <summary>In single rows; infinite while it is not known what those cost.</summary>
    public double Ratio => rows == 1 || _single == 0 || _singleAge > singleLife ? double.PositiveInfinity
        : _batch == 0 || _batchAge > LifeBatches ? unknownRatio
        : _batch / _single;

    /// <param name="rowCount">Rows of a batch that held none of prompts.</param>
    public void Observe(int rowCount, int slowestMicroseconds)
    {
        if (slowestMicroseconds < 1)
            return;
        _singleAge++;
        _batchAge++;
        if (rowCount == 1)
            (_single, _singleAge) = (Mix(_single, slowestMicroseconds), 0);
        else if (rowCount == rows)
            (_batch, _batchAge) = (Mix(_batch, slowestMicroseconds), 0);
    }

    private static double Mix(double old, double observed) => old == 0 ? observed : old + (observed - old) * NewShare;
}
