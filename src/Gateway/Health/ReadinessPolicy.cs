using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Gateway.Health;

/// <summary>Says whether the cluster serves what it is to serve: each deployed model has a pipeline that is proven.</summary>
internal static class ReadinessPolicy
{
    /// <param name="wanted">The model that this gateway deploys; empty when it deploys none.</param>
    public static Readiness Of(ClusterTopology topology, string wanted)
    {
        var models = topology.Deployments.Select(deployment => Of(deployment.Model, topology)).ToArray();
        if (wanted.Length > 0 && models.All(model => model.Model != wanted))
            return NotReady($"The model '{wanted}' is not deployed yet.", models);
        if (models.Length == 0)
            return NotReady("No model is deployed.", models);

        var waiting = models.Where(model => !model.Ready)
            .Select(model => $"'{model.Model}' ({model.LoadProgress * 100:0} % loaded)").ToArray();
        return waiting.Length == 0 ? new("ready", null, models) : NotReady($"Not ready: {string.Join(", ", waiting)}.", models);
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
