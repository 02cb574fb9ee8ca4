using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Clusters;

/// <summary>The roster of devices, the models to serve, and the ledger of device memory. Key: 0.</summary>
[Alias("oinf.cluster")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task ReportDeviceAsync(DeviceReport report);

    /// <summary>A pipeline tells its news at once. A report may get lost: between news the cluster grain asks every second.</summary>
    [AlwaysInterleave, OneWay]
    [ResponseTimeout("00:00:02")]
    Task ReportPipelineAsync(PipelineStatus status);

    /// <summary>The devices whose silos are alive and report.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<ImmutableArray<DeviceReport>> GetDevicesAsync();

    /// <summary>The devices that a pipeline may plan with.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<DeviceOffers> GetOffersAsync(string pipeline);

    /// <summary>
    /// Books device memory for a pipeline, in place of all that it had booked. All or nothing; the ledger survives restarts.
    /// </summary>
    [ResponseTimeout("00:00:05")]
    Task<ReservationOutcome> ReserveAsync(MemoryReservation reservation);

    /// <summary>
    /// Serves a model from now on, also after a restart. The same deployment again is no error; another one of the model replaces it.
    /// </summary>
    /// <exception cref="ArgumentException">A number is out of range; the message names it and the range.</exception>
    [ResponseTimeout("00:00:10")]
    Task DeployAsync(ModelDeployment deployment);

    /// <summary>
    /// Serves a model no more. Its pipelines retire within seconds: their completions end with NotReady, their shards are unloaded, and
    /// then their memory is no longer booked. Removing an unknown model is no error.
    /// </summary>
    [ResponseTimeout("00:00:10")]
    Task RemoveAsync(string model);

    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<ClusterTopology> GetTopologyAsync();
}

/// <param name="IsSettled">
/// False while a new cluster grain has not heard of every living device and every pipeline yet: what is missing may be there.
/// </param>
[GenerateSerializer, Immutable]
public sealed record ClusterTopology(
    ImmutableArray<DeviceReport> Devices, ImmutableArray<ModelDeployment> Deployments, ImmutableArray<PipelineStatus> Pipelines,
    bool IsSettled = true);
