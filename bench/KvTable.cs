using System.Globalization;
using System.Text;
using OrleansInference.Bench.Measuring;

namespace OrleansInference.Bench;

/// <summary>The measurements of KV layouts as a Markdown table, with what they were made on.</summary>
internal static class KvTable
{
    public static string Create(BenchOptions options, int steps, IReadOnlyList<KvCase> all)
    {
        var text = new StringBuilder();
        text.AppendLine("| Cache holds: step | One for all, CPU ms (median) | One each, CPU ms (median) | One each ÷ one for all | Smallest–largest |");
        text.AppendLine("|---|---:|---:|---:|---:|");
        foreach (var one in all)
        {
            double[] ratios = [.. one.SeparateMilliseconds.Zip(one.UnifiedMilliseconds, (separate, unified) => separate / unified)];
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {one.Name} | {Statistics.Median(one.UnifiedMilliseconds):F1} | {Statistics.Median(one.SeparateMilliseconds):F1} | {Statistics.Median(ratios):F2} | {ratios.Min():F2}–{ratios.Max():F2} |");
        }

        text.AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{KvBench.Layers} layers of {options.Shape}, {options.Type}, random weights, without embeddings and head; one thread; {options.Rounds} interleaved rounds of {steps} steps.");
        text.Append(Machine.Describe());
        return text.ToString();
    }
}
