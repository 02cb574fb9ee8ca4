using OrleansInference.Grains.Clusters;

namespace OrleansInference.Gateway.Clusters;

/// <summary>What the cluster says of itself, and what it is told to serve.</summary>
internal interface IClusterView
{
    /// <exception cref="ClusterUnavailableException">The cluster does not answer.</exception>
    Task<ClusterTopology> GetTopologyAsync();

    /// <exception cref="ClusterUnavailableException">The cluster does not answer, or does not take the deployment yet.</exception>
    Task DeployAsync(ModelDeployment deployment);

    /// <summary>Has the cluster serve a model no more; one that is not deployed is no error.</summary>
    /// <exception cref="ClusterUnavailableException">The cluster does not answer; the model may be removed or not.</exception>
    Task RemoveAsync(string model);
}

internal sealed class ClusterUnavailableException(string message, Exception inner) : Exception(message, inner);
