using System.Diagnostics;
using System.Text.Json;

namespace OrleansInference.Bench.Serving;

/// <summary>A stream as it came to the client.</summary>
/// <param name="Times">When each piece of text came, in ticks of <see cref="Stopwatch"/>. Nearly always a piece is a token.</param>
internal sealed record CompletionRecord(
    long StartedAt, IReadOnlyList<long> Times, IReadOnlyList<string> Texts, int CompletionTokens, int CachedTokens, int RightGuesses,
    int WrongGuesses)
{
    public double FirstTokenMilliseconds => Milliseconds(Times[0] - StartedAt);

    public IEnumerable<double> GapMilliseconds => Times.Skip(1).Zip(Times, static (now, before) => Milliseconds(now - before));

    /// <summary>Reads the events only now, so that reading takes no time from what was measured.</summary>
    /// <param name="events">The data of each event, and when it came.</param>
    /// <exception cref="InvalidOperationException">An event is an error, or the usage or the text is missing.</exception>
    public static CompletionRecord Parse(long startedAt, IReadOnlyList<(long At, string Data)> events)
    {
        var (times, texts) = (new List<long>(), new List<string>());
        JsonElement? usage = null;
        foreach (var (at, data) in events)
        {
            using var json = JsonDocument.Parse(data);
            if (json.RootElement.TryGetProperty("error", out _))
                throw new InvalidOperationException($"The stream ended with an error: {data}");
            if (json.RootElement.TryGetProperty("usage", out var figures) && figures.ValueKind == JsonValueKind.Object)
                usage = figures.Clone();
            if (TextOf(json.RootElement) is not { } text)
                continue;
            times.Add(at);
            texts.Add(text);
        }

        if (usage is not { } last || times.Count == 0)
            throw new InvalidOperationException("The stream ended without its text or its usage.");
        return new(
            startedAt, times, texts, last.GetProperty("completion_tokens").GetInt32(), DetailOf(last, "prompt_tokens_details", "cached_tokens"),
            DetailOf(last, "completion_tokens_details", "accepted_prediction_tokens"),
            DetailOf(last, "completion_tokens_details", "rejected_prediction_tokens"));
    }

    private static double Milliseconds(long ticks) => ticks * 1e3 / Stopwatch.Frequency;

    /// <summary>Null for an event that only ends the stream.</summary>
    private static string? TextOf(JsonElement chunk) =>
        chunk.GetProperty("choices") is { } choices && choices.GetArrayLength() > 0
            && choices[0].GetProperty("finish_reason").ValueKind == JsonValueKind.Null
            ? choices[0].GetProperty("text").GetString() : null;

    /// <summary>0 where the server does not say.</summary>
    private static int DetailOf(JsonElement usage, string group, string name) =>
        usage.TryGetProperty(group, out var details) && details.ValueKind == JsonValueKind.Object
            && details.TryGetProperty(name, out var value)
            ? value.GetInt32() : 0;
}
