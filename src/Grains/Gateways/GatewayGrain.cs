using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;

namespace OrleansInference.Grains.Gateways;

/// <summary>Answers from a picture of the cluster that a timer keeps fresh, so that admission costs no call to another silo.</summary>
[StatelessWorker(1)]
internal sealed partial class GatewayGrain : Grain, IGatewayGrain
{
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly AdmissionOptions _options;
    private readonly ILogger<GatewayGrain> _logger;
    private readonly LeaseBook _leases;
    private ClusterTopology? _topology;
    private DateTimeOffset _topologyAt;
    private DateTimeOffset _askedAt;
    private IGrainTimer? _timer;
    private bool _isIdle;

    public GatewayGrain(TimeProvider time, IOptions<AdmissionOptions> options, ILogger<GatewayGrain> logger)
    {
        (_time, _options, _logger) = (time, options.Value, logger);
        _leases = new LeaseBook(TimeSpan.FromSeconds(_options.LeaseSeconds));
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync();
        var timing = new GrainTimerCreationOptions(RefreshPeriod, RefreshPeriod) { Interleave = true, KeepAlive = true };
        _timer = this.RegisterGrainTimer(static self => self.TickAsync(), this, timing);
    }

    public async Task<AdmissionDecision> AdmitAsync(AdmissionRequest request)
    {
        _askedAt = _time.GetUtcNow();
        var decision = Admit(request);
        if (!_isIdle)
            return decision;
        SetPace(isIdle: false);
        if (decision.Lease is not null)
            return decision;
        // Nobody is refused for what an idle gateway has missed.
        await RefreshAsync();
        return Admit(request);
    }

    public Task ReleaseAsync(Guid lease)
    {
        _leases.Remove(lease, _time.GetUtcNow());
        return Task.CompletedTask;
    }

    private TimeSpan RefreshPeriod => TimeSpan.FromMilliseconds(_options.RefreshMilliseconds);

    private AdmissionDecision Admit(AdmissionRequest request)
    {
        if (_topology is null || IsStale())
            return new AdmissionDecision(null, AdmissionPolicy.OutOfSight());
        var now = _time.GetUtcNow();
        _leases.RemoveExpired(now);
        var (pipeline, refusal) = AdmissionPolicy.Choose(request.Model, _topology, _leases);
        if (pipeline is null)
            return new AdmissionDecision(null, refusal);
        var plan = PromptPlan.For(request.PromptBytes, pipeline.Stages.Length, pipeline.Specification.MaximumBatchRows, _options);
        var key = pipeline.Specification.Pipeline;
        var id = _leases.Add(key, plan.Tokens + (long)request.MaximumTokens, now);
        return new AdmissionDecision(new GenerationLease(id, key, pipeline.Epoch, pipeline.HeadEndpoint!, plan.ChunkRows), null);
    }

    private bool IsStale() => _time.GetUtcNow() - _topologyAt > TimeSpan.FromSeconds(_options.StaleSeconds);

    private async Task TickAsync()
    {
        await RefreshAsync();
        if (!_isIdle && RefreshPeriod < IdlePeriod && _time.GetUtcNow() - _askedAt >= IdlePeriod)
            SetPace(isIdle: true);
    }

    private void SetPace(bool isIdle)
    {
        _isIdle = isIdle;
        var period = isIdle ? IdlePeriod : RefreshPeriod;
        _timer!.Change(period, period);
    }

    private async Task RefreshAsync()
    {
        try
        {
            var topology = await GrainFactory.GetGrain<IClusterGrain>(0).GetTopologyAsync();
            // A cluster grain that has just moved knows less than the old picture shows, until it has heard of all.
            if (topology.IsSettled || _topology is not { IsSettled: true } || IsStale())
                (_topology, _topologyAt) = (topology, _time.GetUtcNow());
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // The old picture stays until it is too old to be believed.
            LogOutOfSight(_logger, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The cluster grain does not answer: {Reason}")]
    private static partial void LogOutOfSight(ILogger logger, string reason);
}
