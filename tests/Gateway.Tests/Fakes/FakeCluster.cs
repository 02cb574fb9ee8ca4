using System.Collections.Concurrent;
using System.Net;
using Orleans.Runtime;
using OrleansInference.Gateway.Clusters;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Gateway.Tests.Fakes;

/// <summary>A cluster of two silos that serves pebble in two stages.</summary>
internal sealed class FakeCluster : IClusterView
{
    private readonly ConcurrentQueue<ModelDeployment> _deployments = new();
    private int _deployFailures;

    public bool IsAvailable { get; set; } = true;

    public PipelineState State { get; set; } = PipelineState.Ready;

    public double LoadProgress { get; set; } = 1;

    public bool IsDeployed { get; set; } = true;

    /// <summary>How many more deployments fail before one is taken.</summary>
    public int DeployFailures { get => _deployFailures; set => _deployFailures = value; }

    public IReadOnlyList<ModelDeployment> Deployments => [.. _deployments];

    /// <summary>Models that are deployed beside pebble, but in no store, so that they have no pipeline that is ready.</summary>
    public IReadOnlyList<string> Misspelt { get; set; } = [];

    public Task<ClusterTopology> GetTopologyAsync()
    {
        if (!IsAvailable)
            throw new ClusterUnavailableException("The cluster does not answer.", new TimeoutException());
        return Task.FromResult(new ClusterTopology(
            [ReportOf("jetson", 101), ReportOf("pi-hat", 102)],
            [.. (IsDeployed ? ["pebble"] : Array.Empty<string>()).Concat(Misspelt)
                .Select(model => new ModelDeployment(model, 1, 4, 512, 64, 16))],
            IsDeployed ? [Pipeline] : []));
    }

    public Task DeployAsync(ModelDeployment deployment)
    {
        if (Interlocked.Decrement(ref _deployFailures) >= 0)
            throw new ClusterUnavailableException("The cluster does not answer.", new TimeoutException());
        _deployments.Enqueue(deployment);
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string model)
    {
        IsDeployed &= model != "pebble";
        Misspelt = [.. Misspelt.Where(other => other != model)];
        return Task.CompletedTask;
    }

    private PipelineStatus Pipeline => new(
        new("pebble/0", "pebble", 4, 512, 64, 16), 3, State,
        [
            new(0, 0, 4, "jetson", 101, ShardState.Linked, LoadProgress, 1_000, 200),
            new(1, 4, 8, "pi-hat", 102, ShardState.Linked, LoadProgress, 900, 200),
        ],
        "127.0.0.1:5000", 512, LoadProgress, State == PipelineState.Ready ? null : "Loading slices.");

    private static DeviceReport ReportOf(string device, int processId) => new(
        new(new(device, device, "home", 1_000_000, 25.5, 2, "none"), SiloAddress.New(new IPEndPoint(IPAddress.Loopback, processId), 1),
            $"silo-{device}", processId, $"127.0.0.1:{processId}"),
        new(DateTimeOffset.UnixEpoch, 500, 800, 0.25));
}
