using System.Diagnostics;
using OrleansInference.Bench.Measuring;

namespace OrleansInference.Bench.Serving;

/// <summary>Streams that start together, and what they are measured by.</summary>
internal static class StreamLoad
{
    /// <summary>Tokens per second are those of all streams together, from the first token of the first to the last of the last.</summary>
    public static async Task<Measurement> MeasureAsync(
        ApiClient client, IEnumerable<CompletionOrder> orders, CancellationToken cancellation)
    {
        var streams = await client.CompleteAllAsync(orders, cancellation);
        var ticks = streams.Max(stream => stream.Times[^1]) - streams.Min(stream => stream.Times[0]);
        return new()
        {
            [Quantity.TokensPerSecond] = [(streams.Sum(stream => stream.CompletionTokens) - 1) * (double)Stopwatch.Frequency / ticks],
            [Quantity.Whole] =
                [Stopwatch.GetElapsedTime(streams.Min(stream => stream.StartedAt), streams.Max(stream => stream.Times[^1])).TotalSeconds],
            [Quantity.FirstToken] = [.. streams.Select(stream => stream.FirstTokenMilliseconds)],
            [Quantity.TokenGap] = [.. streams.SelectMany(stream => stream.GapMilliseconds)],
            [Quantity.GuessesRight] = [.. streams.Select(stream => 100.0 * stream.RightGuesses / Math.Max(1, stream.RightGuesses + stream.WrongGuesses))],
        };
    }
}
