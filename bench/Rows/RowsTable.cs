using System.Globalization;
using System.Text;
using OrleansInference.DataPlane.Elements;

namespace OrleansInference.Bench.Rows;

/// <summary>The measurements as a Markdown table.</summary>
internal static class RowsTable
{
    public static string Create(IReadOnlyList<RowsResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine("| Type | Bytes per row | Write ns | Read ns | Mean error | Largest error | Same tokens as F32 |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var (type, speed, loss) in results)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {type} | {HiddenRows.RowBytes(type, RowSpeed.HiddenSize)} | {speed.WriteNanoseconds:F0} | {speed.ReadNanoseconds:F0} ");
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {loss.MeanError:G2} | {loss.MaximumError:G2} | {loss.SameTokens} of {loss.Tokens} |");
        }

        text.AppendLine();
        text.Append(
            CultureInfo.InvariantCulture,
            $"Bytes and times for rows of {RowSpeed.HiddenSize} elements: one thread, the best of many short rounds. Errors and tokens: ");
        text.AppendLine(
            "pebble in two stages; an element's error over the root mean square of its row, and the greedy token after the same tokens.");
        text.Append(Machine.Describe());
        return text.ToString();
    }
}
