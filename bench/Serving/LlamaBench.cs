using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Bench.Serving;

/// <summary>llama.cpp's own bench: the whole model, one thread, no server.</summary>
internal sealed class LlamaBench(string program, string model, string folder)
{
    /// <returns>Tokens per second; of a prompt if <paramref name="promptTokens"/> is not 0, else of decoding.</returns>
    public async Task<double> MeasureAsync(int promptTokens, int tokens, CancellationToken cancellation)
    {
        string[] work = ["-p", Text(promptTokens), "-n", Text(promptTokens > 0 ? 0 : tokens), "-r", "1"];
        string[] arguments = ["-m", model, "-t", "1", "-fa", "1", "-o", "jsonl", .. work];
        var output = await LlamaProcess.RunAsync(program, arguments, Path.Combine(folder, "bench.log"), cancellation);
        // Its log lines and its result come in one stream here.
        var line = output.Split('\n').Last(static line => line.StartsWith('{'));
        using var result = JsonDocument.Parse(line);
        return result.RootElement.GetProperty("avg_ts").GetDouble();
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
