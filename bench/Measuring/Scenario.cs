using System.Globalization;

namespace OrleansInference.Bench.Measuring;

/// <summary>Several ways of doing the same, measured in turn.</summary>
/// <param name="Conditions">What holds for all of them, in words.</param>
internal sealed record Scenario(
    IReadOnlyList<Quantity> Columns, IReadOnlyList<Series> Series, IReadOnlyList<Target> Targets, string Conditions)
{
    /// <summary>Each round measures every way once, so that a slow minute of the machine hits all alike. A first round warms up.</summary>
    public async Task MeasureAsync(int rounds, CancellationToken cancellation)
    {
        for (var round = 0; round <= rounds; round++)
        {
            var label = round == 0 ? "warm-up" : FormattableString.Invariant($"round {round}");
            foreach (var series in Series)
            {
                var measurement = await series.MeasureAsync(cancellation);
                if (round > 0)
                    series.Rounds.Add(measurement);
                var figure = Statistics.Median(measurement[Columns[0]]).ToString($"F{Columns[0].Decimals}", CultureInfo.InvariantCulture);
                await Console.Out.WriteLineAsync($"  {label}: {series.Name}: {figure} {Columns[0].Name}");
            }
        }
    }
}
