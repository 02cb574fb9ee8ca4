using OrleansInference.Gateway.Clusters;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Models;

/// <summary>GET /v1/models and /v1/models/{id}: the models that the cluster is to serve, loaded or not.</summary>
internal sealed class ModelsEndpoint(IClusterView cluster, TimeProvider time)
{
    // The cluster does not say when a model was deployed; what clients need is that it does not change from call to call.
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    public async Task<IResult> ListAsync() =>
        TypedResults.Json(new ModelList("list", await ModelsAsync()), WireJson.Readable.ModelList);

    public async Task<IResult> GetAsync(string id)
    {
        var model = (await ModelsAsync()).FirstOrDefault(entry => entry.Id == id)
            ?? throw new ApiException(ApiError.ModelNotFound(Requests.RequestFields.Shorten(id)));
        return TypedResults.Json(model, WireJson.Readable.ModelEntry);
    }

    private async Task<IReadOnlyList<ModelEntry>> ModelsAsync()
    {
        var topology = await cluster.GetTopologyAsync();
        return [.. topology.Deployments.Select(deployment => new ModelEntry(deployment.Model, "model", _created, "orleansinference"))];
    }
}
