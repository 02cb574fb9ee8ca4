namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// How long passes of so many rows take, learnt from those that were made. Of the two latest the shorter one counts, because a busy
/// machine makes a pass longer and nothing makes it shorter than it is; what grew old is measured again.
/// </summary>
internal sealed class PassTimes(int maximumRows)
{
    /// <summary>Low enough for contexts that grow, and high enough that measuring costs next to nothing.</summary>
    private const int LifeDecisions = 256;

    /// <summary>What is gained is to be more than what measurements waver by.</summary>
    private const double QuickerShare = 0.95;

    private readonly long[] _last = new long[maximumRows + 1];
    private readonly long[] _before = new long[maximumRows + 1];
    private readonly int[] _ages = new int[maximumRows + 1];

    /// <summary>Whether a pass of so many rows is to be made in place of one of others, to learn or since it takes less time.</summary>
    public bool IsQuicker(int rows, int others)
    {
        if (!IsKnown(others))
            return false;
        if (!IsKnown(rows))
            return true;
        var isQuicker = Time(rows) < QuickerShare * Time(others);
        _ages[isQuicker ? others : rows]++;
        return isQuicker;
    }

    public void Observe(int rows, long ticks) => (_before[rows], _last[rows], _ages[rows]) = (_last[rows], ticks, 0);

    private bool IsKnown(int rows) => _before[rows] > 0 && _ages[rows] < LifeDecisions;

    private long Time(int rows) => Math.Min(_before[rows], _last[rows]);
}
