using System.Globalization;

namespace OrleansInference.Simulation.Tests.Checks;

/// <summary>What runs amounted to.</summary>
internal sealed class RunReport
{
    public int Seeds { get; private set; }

    public TimeSpan VirtualTime { get; private set; }

    public long Steps { get; private set; }

    public SortedDictionary<string, long> Faults { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Checks { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Requests { get; } = new(StringComparer.Ordinal);

    public static void Count(SortedDictionary<string, long> counts, string what, long more = 1) =>
        counts[what] = counts.GetValueOrDefault(what) + more;

    public void AddRun(TimeSpan virtualTime, long steps) => (Seeds, VirtualTime, Steps) = (Seeds + 1, VirtualTime + virtualTime, Steps + steps);

    public void Add(RunReport other)
    {
        (Seeds, VirtualTime, Steps) = (Seeds + other.Seeds, VirtualTime + other.VirtualTime, Steps + other.Steps);
        foreach (var (mine, theirs) in new[] { (Faults, other.Faults), (Checks, other.Checks), (Requests, other.Requests) })
            foreach (var (what, count) in theirs)
                Count(mine, what, count);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Seeds} seeds, {VirtualTime.TotalHours:F1} virtual hours, {Steps:N0} steps. "
        + $"Faults: {Describe(Faults)}. Checks: {Describe(Checks)}. Requests: {Describe(Requests)}.");

    private static string Describe(SortedDictionary<string, long> counts) => counts.Count == 0
        ? "none"
        : string.Join(", ", counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} {count.Value:N0}")));
}
