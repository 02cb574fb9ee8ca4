using OrleansInference.Grains.Clusters;

namespace OrleansInference.Gateway.Clusters;

/// <summary>What the cluster says of itself.</summary>
internal interface IClusterView
{
    /// <exception cref="ClusterUnavailableException">The cluster does not answer.</exception>
    Task<ClusterTopology> GetTopologyAsync();

    /// <exception cref="ClusterUnavailableException">The cluster does not answer, or does not take the deployment yet.</exception>
    Task DeployAsync(ModelDeployment deployment);
}

internal sealed class ClusterUnavailableException(string message, Exception inner) : Exception(message, inner);
