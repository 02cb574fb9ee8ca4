using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// How many batches under way keep every stage at work: as many as the slowest stage computes while one goes round the ring. That is one
/// for each stage, and more where links are slow. A single stage takes one batch at a time.
/// </summary>
internal sealed class RingDepth
{
    /// <summary>Above the 0.5 of plain rounding, so that a measurement that wavers about it changes nothing.</summary>
    private const double ChangeAt = 0.6;

    private const double NewShare = 0.1;

    private readonly int _stageCount;
    private double _depth;
    private double _linkMicroseconds;
    private bool _hasLinkTime;

    public RingDepth(int stageCount) => _depth = Batches = _stageCount = stageCount;

    public int Batches { get; private set; }

    /// <param name="roundTripMicroseconds">From the head to the head, computing included.</param>
    /// <param name="wasAlone">No other batch was before it, so that it waited for nothing but links.</param>
    public void Observe(RingTiming timing, double roundTripMicroseconds, bool wasAlone)
    {
        if (_stageCount == 1 || timing.SlowestMicroseconds < 1)
            return;
        if (wasAlone)
        {
            // Busy processors and code that runs for the first time make a round trip longer, and nothing makes it shorter than its links.
            var link = Math.Max(0, roundTripMicroseconds - timing.TotalMicroseconds);
            _linkMicroseconds = _hasLinkTime && link > _linkMicroseconds ? Mix(_linkMicroseconds, link) : link;
            _hasLinkTime = true;
        }
        var fitting = (timing.TotalMicroseconds + _linkMicroseconds) / timing.SlowestMicroseconds;
        _depth = Mix(_depth, Math.Clamp(fitting, _stageCount, 2 * _stageCount));
        if (Math.Abs(_depth - Batches) > ChangeAt)
            Batches = (int)Math.Round(_depth);
    }

    private static double Mix(double old, double observed) => old + (observed - old) * NewShare;
}
