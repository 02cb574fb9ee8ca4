using OrleansInference.ActorEngine.TestSilo;

namespace OrleansInference.Bench;

/// <summary>One way of calling, and what was measured of it.</summary>
internal sealed record CallSeries(string Name, IProcessGrain Target)
{
    /// <summary>How long calls took, one at a time.</summary>
    public List<double> Microseconds { get; } = [];

    /// <summary>Of each round, many at a time.</summary>
    public List<double> CallsPerSecond { get; } = [];

    public double Percentile(double share) => Microseconds.Order().ElementAt((int)(share * (Microseconds.Count - 1)));
}
