using System.Globalization;
using System.Text;

namespace OrleansInference.Bench.Measuring;

/// <summary>A scenario's measurements as Markdown: the figures, how they compare, and what they were made on.</summary>
internal static class ScenarioTable
{
    /// <summary>From so many values on, percentiles say more than a median and a range.</summary>
    private const int LeastForPercentiles = 20;

    private static readonly double[] Shares = [0.5, 0.95, 0.99];

    public static string Create(Scenario scenario, int rounds)
    {
        var text = new StringBuilder();
        Quantity[] columns = [.. scenario.Columns.Where(column => scenario.Series.Any(series => series.Of(column).Length > 0))];
        AppendRow(text, ["", .. columns.Select(column => column.Name)]);
        text.AppendLine("|---|" + string.Concat(columns.Select(_ => "---:|")));
        foreach (var series in scenario.Series)
            AppendRow(text, [series.Name, .. columns.Select(column => Format(series.Of(column), column.Decimals))]);

        if (scenario.Targets.Count > 0)
        {
            text.AppendLine();
            AppendRow(text, ["Round by round", "median", "smallest–largest", "target", ""]);
            text.AppendLine("|---|---:|---:|---:|---|");
            foreach (var target in scenario.Targets)
                AppendTarget(text, target, rounds);
        }

        text.AppendLine();
        text.AppendLine(scenario.Conditions);
        text.Append(CultureInfo.InvariantCulture, $"Interleaved rounds: {rounds}; median (smallest–largest), ");
        text.AppendLine(CultureInfo.InvariantCulture, $"or p50 / p95 / p99 of {LeastForPercentiles} values and more.");
        text.Append(Machine.Describe());
        return text.ToString();
    }

    private static void AppendTarget(StringBuilder text, Target target, int rounds)
    {
        double[] values = [.. Enumerable.Range(0, rounds).Select(target.OfRound)];
        var median = Statistics.Median(values);
        AppendRow(text, [target.Name, Format(median, 3), Range(values, 3), target.Wanted, target.Verdict(median)]);
    }

    private static string Format(double[] values, int decimals) => values.Length switch
    {
        0 => "",
        1 => Format(values[0], decimals),
        < LeastForPercentiles => $"{Format(Statistics.Median(values), decimals)} ({Range(values, decimals)})",
        _ => string.Join(" / ", Shares.Select(share => Format(Statistics.Percentile(values, share), decimals))),
    };

    private static string Range(double[] values, int decimals) => $"{Format(values.Min(), decimals)}–{Format(values.Max(), decimals)}";

    private static string Format(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.AppendLine($"| {string.Join(" | ", cells)} |");
}
