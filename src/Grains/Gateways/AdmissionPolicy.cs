using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Gateways;

/// <summary>Which pipeline takes a request, or why none does. Pure over a picture of the cluster and the leases that are out.</summary>
internal static class AdmissionPolicy
{
    private const int LeastRetryMilliseconds = 500;
    private const int LongestRetryMilliseconds = 60_000;
    private const int NotReadyRetryMilliseconds = 2_000;

    /// <returns>The pipeline, or the refusal; exactly one is set.</returns>
    public static (PipelineStatus? Pipeline, AdmissionRefusal? Refusal) Choose(string model, ClusterTopology topology, LeaseBook leases)
    {
        if (!topology.Deployments.Any(deployment => deployment.Model == model))
            return (null, UnknownModel(model, topology));
        var pipelines = topology.Pipelines.Where(pipeline => pipeline.Specification.Model == model).ToArray();
        var serving = pipelines.Where(pipeline => IsServing(pipeline, topology)).ToArray();
        if (serving.Length == 0)
            return (null, NotReady(model, pipelines));
        var open = serving.Where(pipeline => leases.Count(Key(pipeline)) < Capacity(pipeline)).ToArray();
        if (open.Length == 0)
            return (null, QueueFull(model, serving, leases));
        return (open.OrderBy(pipeline => leases.Count(Key(pipeline))).ThenBy(pipeline => leases.OutstandingTokens(Key(pipeline)))
            .ThenBy(Key, StringComparer.Ordinal).First(), null);
    }

    /// <summary>The cluster cannot be asked, so nobody knows what is ready.</summary>
    public static AdmissionRefusal OutOfSight() =>
        new(RefusalReason.NotReady, "The cluster cannot be reached at the moment.", NotReadyRetryMilliseconds, LoadProgress: 0);

    // A device that has left shows in the roster before its pipeline has noticed.
    private static bool IsServing(PipelineStatus pipeline, ClusterTopology topology) =>
        pipeline is { State: PipelineState.Ready, HeadEndpoint: not null }
        && pipeline.Stages.All(stage => topology.Devices.Any(device => device.Registration.Profile.Name == stage.Device));

    private static AdmissionRefusal UnknownModel(string model, ClusterTopology topology)
    {
        var served = topology.Deployments.IsEmpty
            ? "No model is served."
            : $"Served: {string.Join(", ", topology.Deployments.Select(static deployment => deployment.Model))}.";
        var message = $"Model {model} is not served here. {served}";
        return new AdmissionRefusal(RefusalReason.UnknownModel, message, RetryAfterMilliseconds: 0, LoadProgress: 0);
    }

    private static AdmissionRefusal NotReady(string model, PipelineStatus[] pipelines)
    {
        var nearest = pipelines.MaxBy(static pipeline => pipeline.LoadProgress);
        var message = nearest?.Reason is { } reason
            ? $"Model {model} is not ready: {nearest.Specification.Pipeline} {reason.TrimEnd('.')}."
            : $"Model {model} is not ready: it is being started.";
        return new AdmissionRefusal(RefusalReason.NotReady, message, NotReadyRetryMilliseconds, nearest?.LoadProgress ?? 0);
    }

    private static AdmissionRefusal QueueFull(string model, PipelineStatus[] serving, LeaseBook leases)
    {
        // A place gets free when the next of the busy slots is done.
        var slots = serving.Sum(static pipeline => pipeline.Specification.SlotCount);
        var expected = leases.UsualDuration.TotalMilliseconds / slots;
        var limits = serving.Sum(static pipeline => Capacity(pipeline));
        return new AdmissionRefusal(
            RefusalReason.QueueFull, $"Model {model} has {limits} requests running or waiting, which is all it takes.",
            (int)Math.Clamp(expected, LeastRetryMilliseconds, LongestRetryMilliseconds), LoadProgress: 1);
    }

    private static int Capacity(PipelineStatus pipeline) => pipeline.Specification.SlotCount + pipeline.Specification.QueueLength;

    private static string Key(PipelineStatus pipeline) => pipeline.Specification.Pipeline;
}
