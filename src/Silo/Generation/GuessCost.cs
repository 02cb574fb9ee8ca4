namespace OrleansInference.Silo.Generation;

/// <summary>
/// What a batch of one stream's rows, guesses but for the first, costs the slowest stage beside a single row: little where it waits for
/// weights and not for rows, and nearly as much as the rows one by one on a processor. Learnt from the batches that went; a measurement
/// that grew old is made again.
/// </summary>
/// <param name="rows">Rows of such a batch.</param>
internal sealed class GuessCost(int rows)
{
    /// <summary>Low enough to try it once.</summary>
    private const double FirstRatio = 2;

    private const double NewShare = 0.5;

    /// <summary>Trying a single row again costs next to nothing where guesses are right, trying guesses again up to two rows' time.</summary>
    private const int SingleLifeBatches = 16;
    private const int GuessLifeBatches = 256;

    private double _single;
    private double _guesses;
    private int _singleAge;
    private int _guessAge;

    public int Rows => rows;

    /// <summary>In single rows; infinite while it is not known what those cost.</summary>
    public double Ratio => rows == 1 || _single == 0 || _singleAge > SingleLifeBatches ? double.PositiveInfinity
        : _guesses == 0 || _guessAge > GuessLifeBatches ? FirstRatio
        : _guesses / _single;

    /// <param name="rowCount">Rows of a batch that held none of prompts.</param>
    public void Observe(int rowCount, int slowestMicroseconds)
    {
        if (slowestMicroseconds < 1)
            return;
        _singleAge++;
        _guessAge++;
        if (rowCount == 1)
            (_single, _singleAge) = (Mix(_single, slowestMicroseconds), 0);
        else if (rowCount == rows)
            (_guesses, _guessAge) = (Mix(_guesses, slowestMicroseconds), 0);
    }

    private static double Mix(double old, double observed) => old == 0 ? observed : old + (observed - old) * NewShare;
}
