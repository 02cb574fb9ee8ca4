using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Clusters;
using OrleansInference.Gateway.OpenAI;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;
using OrleansInference.Gateway.Serving;

namespace OrleansInference.Gateway.Admin;

/// <summary>DELETE /admin/models/{name}: the cluster serves a model no more.</summary>
internal static class ModelRemovalEndpoint
{
    /// <exception cref="ApiException">No such model is deployed; the message names those that are.</exception>
    public static async Task<IResult> RemoveAsync(string name, IClusterView cluster, IOptions<ServeOptions> serve)
    {
        var deployed = (await cluster.GetTopologyAsync()).Deployments.Select(deployment => deployment.Model).ToArray();
        if (!deployed.Contains(name))
            throw new ApiException(ApiError.ModelNotDeployed(RequestFields.Shorten(name), deployed));
        await cluster.RemoveAsync(name);
        var again = name == serve.Value.Model
            ? "This gateway is to serve it (Serve:Model): it is not ready now, and deploys it again when it starts."
            : "A gateway that is to serve it (Serve:Model) deploys it again when it starts.";
        return TypedResults.Json(
            new ModelRemoval(name, true, $"'{name}' is removed. Its completions end with an error, and its memory is free within seconds. {again}"),
            WireJson.Readable.ModelRemoval);
    }
}
