using System.Collections.Immutable;
using Orleans;

namespace OrleansInference.Grains.Clusters;

/// <summary>
/// What of the cluster grain outlives it: wishes, and the ledger, because a new cluster grain must know what is taken before it gives
/// memory away. The roster is not here; the devices tell it again every second.
/// </summary>
[GenerateSerializer]
internal sealed class ClusterRecord
{
    /// <summary>By model.</summary>
    [Id(0)]
    public Dictionary<string, ModelDeployment> Deployments { get; set; } = [];

    /// <summary>By pipeline: every pipeline that was started and has not retired, with its epoch and what it has booked.</summary>
    [Id(1)]
    public Dictionary<string, MemoryReservation> Pipelines { get; set; } = [];

    /// <summary>The pipelines that the deployments want.</summary>
    public IEnumerable<(string Pipeline, ModelDeployment Deployment)> Wanted() => Deployments.Values.SelectMany(
        static deployment => Enumerable.Range(0, deployment.Replicas).Select(replica => ($"{deployment.Model}/{replica}", deployment)));
}
