using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>Has a gateway remove models. A gateway that does not answer in time, or not in the right form, is an <see cref="HttpRequestException"/>.</summary>
internal sealed class ModelRemovalClient(Uri gateway) : IDisposable
{
    // The cluster itself may take 12 s to say what is deployed and to write down what is no more.
    private readonly HttpClient _http = new() { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(15) };

    /// <returns>What happens now, for people.</returns>
    /// <exception cref="UserErrorException">The gateway refuses; the message is its reason.</exception>
    public async Task<string> RemoveAsync(string model, CancellationToken cancellation)
    {
        try
        {
            var path = new Uri($"/admin/models/{Uri.EscapeDataString(model)}", UriKind.Relative);
            using var response = await _http.DeleteAsync(path, cancellation).ConfigureAwait(false);
            var answer = await response.Content.ReadFromJsonAsync(ModelRemovalJson.Default.ModelRemovalAnswer, cancellation).ConfigureAwait(false);
            if (answer?.Error is { } error)
                throw new UserErrorException(error.Message);
            return response.IsSuccessStatusCode && answer?.Message is { } message
                ? message
                : throw new HttpRequestException($"the answer, of status {(int)response.StatusCode}, says nothing of a removal");
        }
        catch (JsonException e)
        {
            throw new HttpRequestException($"the answer is not a gateway's: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {_http.Timeout.TotalSeconds:0} s");
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>What the tool reads of DELETE /admin/models/{name}: one of the two.</summary>
internal sealed record ModelRemovalAnswer(string? Message, ModelRemovalError? Error);

internal sealed record ModelRemovalError(string Message);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelRemovalAnswer))]
internal sealed partial class ModelRemovalJson : JsonSerializerContext;
