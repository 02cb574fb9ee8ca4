using System.Diagnostics;
using System.Net.Http.Json;

namespace OrleansInference.Bench.Serving;

/// <summary>Streams completions from a server that speaks OpenAI's API. While a stream runs it only notes when each event came.</summary>
internal sealed class ApiClient(Uri server) : IDisposable
{
    private static readonly TimeSpan CompletionBound = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new() { BaseAddress = server, Timeout = CompletionBound };

    /// <exception cref="InvalidOperationException">The server refuses, fails, or sends more or fewer tokens than wanted.</exception>
    public async Task<CompletionRecord> CompleteAsync(CompletionOrder order, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(CompletionBound);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = BodyOf(order) };
        // llama-server may close a connection just when it is used again.
        request.Headers.ConnectionClose = true;
        await request.Content.LoadIntoBufferAsync(bound.Token);

        var started = Stopwatch.GetTimestamp();
        using var response = await SendAsync(request, bound.Token);
        if (!response.IsSuccessStatusCode)
        {
            var problem = await response.Content.ReadAsStringAsync(bound.Token);
            throw new InvalidOperationException($"{server} answered {(int)response.StatusCode}: {problem}");
        }

        var record = CompletionRecord.Parse(started, await ReadEventsAsync(response, bound.Token));
        return record.CompletionTokens == order.Tokens
            ? record
            : throw new InvalidOperationException($"{server} was asked for {order.Tokens} tokens; {record.CompletionTokens} came.");
    }

    /// <summary>All at once.</summary>
    public Task<CompletionRecord[]> CompleteAllAsync(IEnumerable<CompletionOrder> orders, CancellationToken cancellation) =>
        Task.WhenAll(orders.ToArray().Select(order => CompleteAsync(order, cancellation)));

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw new InvalidOperationException($"{server} did not answer: {error.InnerException?.Message ?? error.Message}", error);
        }
    }

    private static async Task<List<(long At, string Data)>> ReadEventsAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        const string prefix = "data: ";
        var events = new List<(long, string)>();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line && line != prefix + "[DONE]")
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
                events.Add((Stopwatch.GetTimestamp(), line[prefix.Length..]));
        }

        return events;
    }

    private static JsonContent BodyOf(CompletionOrder order) => JsonContent.Create(new
    {
        model = BenchModel.Name,
        prompt = order.Prompt,
        max_tokens = order.Tokens,
        temperature = 0,
        stream = true,
        stream_options = new { include_usage = true },
        logit_bias = order.Bias,
    });
}
