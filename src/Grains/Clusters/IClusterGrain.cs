using System.Collections.Immutable;
using Orleans;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Clusters;

/// <summary>The roster of devices and the models to serve. Key: 0.</summary>
[Alias("oinf.cluster")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    [ResponseTimeout("00:00:02")]
    Task ReportDeviceAsync(DeviceReport report);

    /// <summary>The devices whose silos are alive.</summary>
    [ResponseTimeout("00:00:02")]
    Task<ImmutableArray<DeviceReport>> GetDevicesAsync();

    /// <summary>Serves a model from now on, also after a restart. The same deployment again is no error.</summary>
    [ResponseTimeout("00:00:10")]
    Task DeployAsync(ModelDeployment deployment);

    [ResponseTimeout("00:00:10")]
    Task RemoveAsync(string model);

    [ResponseTimeout("00:00:02")]
    Task<ClusterTopology> GetTopologyAsync();
}

/// <param name="SlotCount">Sequences served at once by a pipeline.</param>
/// <param name="ContextLength">Positions that one sequence may take; 0 takes the model's own.</param>
[GenerateSerializer, Immutable]
public sealed record ModelDeployment(string Model, int Replicas, int SlotCount, int ContextLength, int MaximumBatchRows, int QueueLength);

[GenerateSerializer, Immutable]
public sealed record ClusterTopology(
    ImmutableArray<DeviceReport> Devices, ImmutableArray<ModelDeployment> Deployments, ImmutableArray<PipelineStatus> Pipelines);
