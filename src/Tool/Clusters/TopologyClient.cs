using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Tool.Clusters;

/// <summary>Asks a gateway how its cluster is. A gateway that does not answer in time, or not in the right form, is an <see cref="HttpRequestException"/>.</summary>
internal sealed class TopologyClient(Uri gateway) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(3) };

    public Task<ClusterTopology> GetTopologyAsync(CancellationToken cancellation) => AskAsync(async () =>
        await _http.GetFromJsonAsync("/admin/topology", TopologyJson.Default.ClusterTopology, cancellation).ConfigureAwait(false)
            ?? throw new HttpRequestException("the answer is empty"), cancellation);

    /// <summary>Whether the gateway's model is served, or any, where it has none of its own.</summary>
    public Task<bool> IsReadyAsync(CancellationToken cancellation) => AskAsync(async () =>
    {
        using var response = await _http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }, cancellation);

    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(Func<Task<T>> question, CancellationToken cancellation)
    {
        try
        {
            return await question().ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw new HttpRequestException($"the answer is not a topology: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {_http.Timeout.TotalSeconds:0} s");
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ClusterTopology))]
internal sealed partial class TopologyJson : JsonSerializerContext;
