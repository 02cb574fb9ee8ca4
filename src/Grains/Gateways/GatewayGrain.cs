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
    private readonly TimeProvider _time;
    private readonly AdmissionOptions _options;
    private readonly ILogger<GatewayGrain> _logger;
    private readonly LeaseBook _leases;
    private ClusterTopology? _topology;
    private DateTimeOffset _topologyAt;

    public GatewayGrain(TimeProvider time, IOptions<AdmissionOptions> options, ILogger<GatewayGrain> logger)
    {
        (_time, _options, _logger) = (time, options.Value, logger);
        _leases = new LeaseBook(TimeSpan.FromSeconds(_options.LeaseSeconds));
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync();
        var period = TimeSpan.FromMilliseconds(_options.RefreshMilliseconds);
        var timing = new GrainTimerCreationOptions(period, period) { Interleave = true, KeepAlive = true };
        this.RegisterGrainTimer(static self => self.RefreshAsync(), this, timing);
    }

    public Task<AdmissionDecision> AdmitAsync(AdmissionRequest request) => Task.FromResult(Admit(request));

    public Task ReleaseAsync(Guid lease)
    {
        _leases.Remove(lease, _time.GetUtcNow());
        return Task.CompletedTask;
    }

    private AdmissionDecision Admit(AdmissionRequest request)
    {
        var now = _time.GetUtcNow();
        if (_topology is null || now - _topologyAt > TimeSpan.FromSeconds(_options.StaleSeconds))
            return new AdmissionDecision(null, AdmissionPolicy.OutOfSight());
        _leases.RemoveExpired(now);
        var (pipeline, refusal) = AdmissionPolicy.Choose(request.Model, _topology, _leases);
        if (pipeline is null)
            return new AdmissionDecision(null, refusal);
        var plan = PromptPlan.For(request.PromptBytes, pipeline.Stages.Length, pipeline.Specification.MaximumBatchRows, _options);
        var key = pipeline.Specification.Pipeline;
        var id = _leases.Add(key, plan.Tokens + (long)request.MaximumTokens, now);
        return new AdmissionDecision(new GenerationLease(id, key, pipeline.Epoch, pipeline.HeadEndpoint!, plan.ChunkRows), null);
    }

    private async Task RefreshAsync()
    {
        try
        {
            _topology = await GrainFactory.GetGrain<IClusterGrain>(0).GetTopologyAsync();
            _topologyAt = _time.GetUtcNow();
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
