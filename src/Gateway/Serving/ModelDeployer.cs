using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Clusters;

namespace OrleansInference.Gateway.Serving;

/// <summary>Deploys the model that this gateway is to serve, once the cluster takes it.</summary>
internal sealed partial class ModelDeployer(
    IClusterView cluster, IOptions<ServeOptions> options, TimeProvider time, ILogger<ModelDeployer> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var serve = options.Value;
        if (serve.Model.Length == 0)
            return;

        for (var pause = FirstPause; !await TryDeployAsync(serve); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            await Task.Delay(pause, time, stoppingToken);
    }

    private async Task<bool> TryDeployAsync(ServeOptions serve)
    {
        try
        {
            await cluster.DeployAsync(new(
                serve.Model, serve.Replicas, serve.Slots, serve.ContextLength, serve.BatchRows, serve.QueueLength));
            OnDeployed(serve.Model, serve.Replicas);
            return true;
        }
        catch (ClusterUnavailableException exception)
        {
            OnNotDeployed(exception, serve.Model);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The cluster is to serve {Model} with {Replicas} pipelines")]
    private partial void OnDeployed(string model, int replicas);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not take {Model} yet; trying again")]
    private partial void OnNotDeployed(Exception exception, string model);
}
