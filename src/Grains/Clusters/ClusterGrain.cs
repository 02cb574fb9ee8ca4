using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Clusters;

/// <summary>
/// Keeps every deployment's pipelines going, once a second. Reports and questions interleave with that, so that a slow pipeline
/// holds up nobody; what is written down is written one after another.
/// </summary>
[RandomPlacement]
internal sealed partial class ClusterGrain : Grain, IClusterGrain, IDisposable
{
    private static readonly TimeSpan EnsurePeriod = TimeSpan.FromSeconds(1);

    private readonly IPersistentState<ClusterRecord> _record;
    private readonly ILogger<ClusterGrain> _logger;
    private readonly DeviceRoster _roster;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<string, PipelineStatus> _statuses = new(StringComparer.Ordinal);
    private IGrainTimer? _timer;
    private bool _isSettled;

    public ClusterGrain(
        [PersistentState("deployments", "store")] IPersistentState<ClusterRecord> record, ISiloStatusOracle silos,
        ISiloMetadataCache metadata, TimeProvider time, IOptions<RosterOptions> options, ILogger<ClusterGrain> logger)
    {
        (_record, _logger) = (record, logger);
        _roster = new DeviceRoster(silos, metadata, time, options.Value);
    }

    private ClusterRecord Record => _record.State;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _timer = this.RegisterGrainTimer(
            static self => self.TickAsync(), this, new GrainTimerCreationOptions(TimeSpan.Zero, EnsurePeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public Task ReportDeviceAsync(DeviceReport report)
    {
        _roster.Note(report);
        return Task.CompletedTask;
    }

    public Task ReportPipelineAsync(PipelineStatus status)
    {
        Note(status);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<DeviceReport>> GetDevicesAsync() => Task.FromResult(_roster.Living());

    public Task<DeviceOffers> GetOffersAsync(string pipeline)
    {
        var offers = _roster.Living().Select(report => Offer(report.Registration, pipeline));
        return Task.FromResult(new DeviceOffers(_roster.IsSettled(), [.. offers]));
    }

    public async Task<ReservationOutcome> ReserveAsync(MemoryReservation reservation)
    {
        var memoryBytes = _roster.Living().Select(static report => report.Registration.Profile)
            .ToDictionary(static profile => profile.Name, static profile => profile.MemoryBytes, StringComparer.Ordinal);
        if (MemoryLedger.Examine(Record.Pipelines, memoryBytes, reservation) is { } refusal)
            return new ReservationOutcome(false, refusal);
        Record.Pipelines[reservation.Pipeline] = reservation;
        await WriteAsync();
        return new ReservationOutcome(true, null);
    }

    public async Task DeployAsync(ModelDeployment deployment)
    {
        deployment.Validate();
        if (Record.Deployments.TryGetValue(deployment.Model, out var present) && present == deployment)
            return;
        Record.Deployments[deployment.Model] = deployment;
        foreach (var (pipeline, _) in Record.Wanted())
            Record.Pipelines.TryAdd(pipeline, new MemoryReservation(pipeline, 0, []));
        LogDeployed(_logger, deployment.Model, deployment.Replicas, deployment.SlotCount, deployment.ContextLength);
        await WriteAsync();
        _timer!.Change(TimeSpan.Zero, EnsurePeriod);
    }

    public async Task RemoveAsync(string model)
    {
        if (!Record.Deployments.Remove(model))
            return;
        LogRemoved(_logger, model);
        await WriteAsync();
        _timer!.Change(TimeSpan.Zero, EnsurePeriod);
    }

    public Task<ClusterTopology> GetTopologyAsync()
    {
        var wanted = Record.Wanted().Select(static wish => wish.Pipeline).ToHashSet(StringComparer.Ordinal);
        // Once this grain knows what the one before it knew, it stays so: a model that is deployed later is news, not a gap.
        _isSettled |= _roster.IsSettled() && wanted.All(_statuses.ContainsKey);
        return Task.FromResult(new ClusterTopology(
            _roster.Living(),
            [.. Record.Deployments.Values.OrderBy(static deployment => deployment.Model, StringComparer.Ordinal)],
            [.. _statuses.Values.Where(status => wanted.Contains(status.Specification.Pipeline))
                .OrderBy(static status => status.Specification.Pipeline, StringComparer.Ordinal)],
            _isSettled));
    }

    public void Dispose() => _writing.Dispose();

    private DeviceOffer Offer(DeviceRegistration device, string pipeline) => new(
        device, MemoryLedger.CommittedBytes(Record.Pipelines, device.Profile.Name, pipeline),
        MemoryLedger.HoldsReplica(Record.Pipelines, device.Profile.Name, pipeline));

    private async Task TickAsync()
    {
        await Task.WhenAll(_roster.Missing().Select(AskDeviceAsync));
        var wanted = Record.Wanted().ToDictionary(static wish => wish.Pipeline, static wish => wish.Deployment, StringComparer.Ordinal);
        await Task.WhenAll(Record.Pipelines.Keys.Select(pipeline => wanted.TryGetValue(pipeline, out var deployment)
            ? EnsureAsync(pipeline, deployment)
            : RetireAsync(pipeline)));
    }

    // A new cluster grain need not wait for the next report of every device. Whatever is wrong with one device or one pipeline, here
    // and below, must not hold up the others; the next tick asks again.
    private async Task AskDeviceAsync(string device)
    {
        try
        {
            _roster.Note(await GrainFactory.GetGrain<IDeviceHealthGrain>(device).GetReportAsync());
        }
        catch (Exception exception)
        {
            LogDeviceSilent(_logger, device, exception.Message);
        }
    }

    private async Task EnsureAsync(string pipeline, ModelDeployment deployment)
    {
        try
        {
            var specification = new PipelineSpecification(
                pipeline, deployment.Model, deployment.SlotCount, deployment.ContextLength, deployment.MaximumBatchRows,
                deployment.QueueLength);
            Note(await GrainFactory.GetGrain<IPipelineGrain>(pipeline).EnsureAsync(specification));
        }
        catch (Exception exception)
        {
            LogPipelineSilent(_logger, pipeline, exception.Message);
        }
    }

    private async Task RetireAsync(string pipeline)
    {
        try
        {
            await GrainFactory.GetGrain<IPipelineGrain>(pipeline).RetireAsync();
        }
        catch (Exception exception)
        {
            LogPipelineSilent(_logger, pipeline, exception.Message);
            return;
        }
        if (Record.Wanted().Any(wish => wish.Pipeline == pipeline))
            return;
        Record.Pipelines.Remove(pipeline);
        _statuses.Remove(pipeline);
        await WriteAsync();
    }

    private void Note(PipelineStatus status)
    {
        if (Record.Pipelines.ContainsKey(status.Specification.Pipeline))
            _statuses[status.Specification.Pipeline] = status;
    }

    // Interleaved turns may want to write at the same time; storage takes one write after another.
    private async Task WriteAsync()
    {
        await _writing.WaitAsync();
        try
        {
            await _record.WriteStateAsync();
        }
        catch (Exception)
        {
            // Another activation of this grain has written, or the storage fails: what this one knows is not what is written down, so
            // it must not act, or answer that something is done already, on that.
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }
}
