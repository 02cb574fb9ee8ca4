using System.Globalization;
using System.Text;

namespace OrleansInference.Bench;

/// <summary>The measurements as a Markdown table, with what they were made on.</summary>
internal static class DecodeTable
{
    /// <param name="all">The first is what the others are compared with, round by round.</param>
    public static string Create(BenchOptions options, IReadOnlyList<Series> all)
    {
        var text = new StringBuilder();
        text.AppendLine("| Way | Median tokens/s | Smallest–largest | Ratio to bare (median of rounds) | Ratio, smallest–largest |");
        text.AppendLine("|---|---:|---:|---:|---:|");
        foreach (var series in all)
        {
            double[] ratios = [.. series.Speeds.Zip(all[0].Speeds, (speed, bare) => speed / bare)];
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {series.Name} | {Series.Median(series.Speeds):F2} | {series.Speeds.Min():F2}–{series.Speeds.Max():F2} | {Series.Median(ratios):F3} | {ratios.Min():F3}–{ratios.Max():F3} |");
        }

        text.AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{options.Shape}, {options.Type}, random weights; {options.Rounds} interleaved rounds of {options.Tokens} tokens after a prompt of {BenchOptions.PromptTokens}, one stream, one thread per stage.");
        text.Append(Machine.Describe());
        return text.ToString();
    }
}
