using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Tool.Clusters;

/// <summary>Asks a gateway how its cluster is.</summary>
internal sealed class TopologyClient(Uri gateway) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(3) };

    /// <exception cref="HttpRequestException">The gateway does not answer, or not with a topology.</exception>
    public async Task<ClusterTopology> GetTopologyAsync(CancellationToken cancellation)
    {
        try
        {
            return await _http.GetFromJsonAsync("/admin/topology", TopologyJson.Default.ClusterTopology, cancellation).ConfigureAwait(false)
                ?? throw new HttpRequestException("the answer is empty");
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

    /// <summary>Whether the cluster serves all its models.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        using var response = await _http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }

    public void Dispose() => _http.Dispose();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ClusterTopology))]
internal sealed partial class TopologyJson : JsonSerializerContext;
