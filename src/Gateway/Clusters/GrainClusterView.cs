using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;

namespace OrleansInference.Gateway.Clusters;

/// <summary>The cluster as the cluster grain sees it.</summary>
internal sealed class GrainClusterView(IGrainFactory grains) : IClusterView
{
    private readonly IClusterGrain _cluster = grains.GetGrain<IClusterGrain>(0);

    public Task<ClusterTopology> GetTopologyAsync() => AskAsync(_cluster.GetTopologyAsync);

    public Task DeployAsync(ModelDeployment deployment) => AskAsync(async () =>
    {
        await _cluster.DeployAsync(deployment);
        return true;
    });

    public Task RemoveAsync(string model) => AskAsync(async () =>
    {
        await _cluster.RemoveAsync(model);
        return true;
    });

    private static async Task<T> AskAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            throw new ClusterUnavailableException("The cluster does not answer.", exception);
        }
    }
}
