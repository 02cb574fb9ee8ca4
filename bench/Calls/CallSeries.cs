using OrleansInference.ActorEngine.TestSilo;
using OrleansInference.Bench.Measuring;

namespace OrleansInference.Bench.Calls;

/// <summary>One way of calling, and what was measured of it.</summary>
internal sealed record CallSeries(string Name, IProcessGrain Target)
{
    /// <summary>How long calls took, one at a time.</summary>
    public List<double> Microseconds { get; } = [];

    /// <summary>Of each round, many at a time.</summary>
    public List<double> CallsPerSecond { get; } = [];

    public double Percentile(double share) => Statistics.Percentile(Microseconds, share);
}
