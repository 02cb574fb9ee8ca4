using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Supervision;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Bench;

/// <summary>The model behind a gateway of its own, in one or more silo processes with one thread each.</summary>
internal sealed class ServedModel : IAsyncDisposable
{
    private static readonly TimeSpan ReadyBound = TimeSpan.FromMinutes(5);
    private readonly CancellationTokenSource _stop = new();
    private readonly StringWriter _output = new();
    private readonly HttpClient _http;
    private readonly Task _run;

    private ServedModel(string store, string folder, IReadOnlyList<string> silos)
    {
        var http = ListenEndpoint.Claim(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new Tool.Clusters.ClusterOptions(
            BenchModel.Name, store, folder, http, SiloSpecification.ParseAll(silos), SlotCount: 1, BenchOptions.ContextLength);
        var screen = new Screen(_output, _output, isLive: false);
        _run = new Cluster(options, RestartPolicy.Never, screen, TimeProvider.System).RunAsync(_stop.Token);
        _http = new HttpClient { BaseAddress = new Uri($"http://{http}"), Timeout = ReadyBound };
    }

    public static async Task<ServedModel> StartAsync(string store, string folder, IReadOnlyList<string> silos, CancellationToken cancellation)
    {
        var served = new ServedModel(store, folder, silos);
        try
        {
            using var client = new TopologyClient(served._http.BaseAddress!);
            var started = Stopwatch.GetTimestamp();
            while (!await IsReadyAsync(client, cancellation))
            {
                if (served._run.IsCompleted || Stopwatch.GetElapsedTime(started) > ReadyBound)
                    throw new InvalidOperationException($"The cluster did not become ready.\n{served._output}");
                await Task.Delay(100, cancellation);
            }

            var stages = (await client.GetTopologyAsync(cancellation)).Pipelines.Single().Stages.Count;
            return stages == silos.Count ? served : throw new InvalidOperationException($"{silos.Count} stages were wanted, but the plan has {stages}.");
        }
        catch
        {
            await served.DisposeAsync();
            throw;
        }
    }

    /// <summary>A request for many tokens minus one for a single token: what is left is decoding.</summary>
    /// <returns>Tokens per second.</returns>
    public async Task<double> DecodeAsync(int[] prompt, int tokens, CancellationToken cancellation)
    {
        var one = await CompleteAsync(prompt, 1, cancellation);
        var all = await CompleteAsync(prompt, tokens, cancellation);
        return (tokens - 1) / (all - one).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
        await _output.DisposeAsync();
    }

    private static async Task<bool> IsReadyAsync(TopologyClient client, CancellationToken cancellation)
    {
        try
        {
            return await client.IsReadyAsync(cancellation);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<TimeSpan> CompleteAsync(int[] prompt, int tokens, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        // A random model may well choose its end token; a bias keeps it going.
        using var response = await _http.PostAsJsonAsync("/v1/completions", new
        {
            model = BenchModel.Name,
            prompt,
            max_tokens = tokens,
            temperature = 0,
            logit_bias = new Dictionary<string, int> { [BenchModel.EndToken] = -100 },
        }, cancellation);
        var body = await response.Content.ReadAsStringAsync(cancellation);
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"The gateway answered {(int)response.StatusCode}: {body}");
        using var json = JsonDocument.Parse(body);
        var completed = json.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        return completed == tokens ? elapsed : throw new InvalidOperationException($"{tokens} tokens were asked for, {completed} came.");
    }
}
