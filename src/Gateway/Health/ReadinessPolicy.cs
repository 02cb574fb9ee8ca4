using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Gateway.Health;

/// <summary>
/// Says whether a gateway serves what it is to serve: its own model, or any, where it has none. Other deployments are told of, but one
/// that cannot be served, such as a misspelt one, must not take the gateways of another model out of service.
/// </summary>
internal static class ReadinessPolicy
{
    /// <param name="wanted">The model that this gateway deploys; empty when it deploys none.</param>
    public static Readiness Of(ClusterTopology topology, string wanted)
    {
        var models = topology.Deployments.Select(deployment => Of(deployment.Model, topology)).ToArray();
        var own = wanted.Length == 0 ? models : [.. models.Where(model => model.Model == wanted)];
        if (own.Any(model => model.Ready))
            return new("ready", null, models);
        if (own.Length > 0)
            return NotReady(
                $"Not ready: {string.Join(", ", own.Select(model => $"'{model.Model}' ({model.LoadProgress * 100:0} % loaded)"))}.", models);
        return NotReady(
            wanted.Length == 0 ? "No model is deployed." : $"The model '{wanted}', which this gateway is to serve, is not deployed.", models);
    }

    public static Readiness NotReady(string reason, IReadOnlyList<ModelReadiness> models) => new("not_ready", reason, models);

    public static ModelReadiness Of(string model, ClusterTopology topology)
    {
        var pipelines = topology.Pipelines.Where(pipeline => pipeline.Specification.Model == model).ToArray();
        if (pipelines.Any(pipeline => pipeline.State == PipelineState.Ready))
            return new(model, true, 1, null);

        var furthest = pipelines.MaxBy(pipeline => pipeline.LoadProgress);
        return new(model, false, furthest?.LoadProgress ?? 0, furthest is null
            ? "No pipeline has been planned yet."
            : furthest.Reason ?? $"The pipeline {furthest.Specification.Pipeline} is {furthest.State.ToString().ToLowerInvariant()}.");
    }
}
