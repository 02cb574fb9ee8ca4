using System.Globalization;
using System.Text;
using OrleansInference.Bench.Measuring;

namespace OrleansInference.Bench.Calls;

/// <summary>The measurements of calls as a Markdown table, with what they were made on.</summary>
internal static class CallTable
{
    public static string Create(IReadOnlyList<CallSeries> all, int calls, int atOnce, int rounds)
    {
        var text = new StringBuilder();
        text.AppendLine("| Grain calls grain | p50 µs | p99 µs | Calls/s (median) | Calls/s, smallest–largest |");
        text.AppendLine("|---|---:|---:|---:|---:|");
        foreach (var series in all)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {series.Name} | {series.Percentile(0.5):F1} | {series.Percentile(0.99):F1} | {Statistics.Median(series.CallsPerSecond):F0} | {series.CallsPerSecond.Min():F0}–{series.CallsPerSecond.Max():F0} |");
        }

        text.AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Embedded engine; {rounds} interleaved rounds of {calls} calls without arguments; latency one call at a time, calls/s {atOnce} at a time.");
        text.Append(Machine.Describe());
        return text.ToString();
    }
}
