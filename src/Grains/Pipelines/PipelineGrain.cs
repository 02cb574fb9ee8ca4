using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// A state machine on a timer: Waiting → Loading → Linking → Proving → Ready, and back to Waiting for a new plan and epoch when
/// something breaks. A new activation of a running pipeline looks for its shards and goes the same way from there, which disturbs
/// nobody: linking again changes nothing, and a ring that was proven says so.
/// </summary>
[RandomPlacement]
internal sealed partial class PipelineGrain : Grain, IPipelineGrain
{
    private const int MaximumStepsPerTick = 8;

    private static readonly TimeSpan RoundPeriod = TimeSpan.FromSeconds(1);

    private readonly IPersistentState<PipelineRecord> _record;
    private readonly TimeProvider _time;
    private readonly PipelineOptions _options;
    private readonly PlanningOptions _planning;
    private readonly ILogger<PipelineGrain> _logger;
    private readonly ShardRing _ring;
    private readonly Suspicions _suspicions;
    private readonly RingFailures _ringFailures = new();
    private readonly StageTracker _tracker = new();

    private PipelineSpecification? _wanted;
    private PipelineStatus? _status;
    private IGrainTimer? _timer;
    private PipelineState _phase = PipelineState.Waiting;
    private string? _reason = "has just started";
    private DateTimeOffset _phaseSince;
    private DateTimeOffset _retryAt;
    private DateTimeOffset _plannedAt;
    private DateTimeOffset _roundAt;
    private DateTimeOffset _improvementAt;
    private int _failures;
    private bool _isAdopting;

    public PipelineGrain(
        [PersistentState("pipeline", "store")] IPersistentState<PipelineRecord> record, IGrainFactory grains, ISiloStatusOracle silos,
        TimeProvider time, IOptions<PipelineOptions> options, IOptions<PlanningOptions> planning, ILogger<PipelineGrain> logger)
    {
        (_record, _time, _options, _planning, _logger) = (record, time, options.Value, planning.Value, logger);
        _ring = new ShardRing(grains, silos, Key);
        _suspicions = new Suspicions(time, _options);
    }

    private string Key => this.GetPrimaryKeyString();

    private PipelineRecord Record => _record.State;

    private IClusterGrain Cluster => GrainFactory.GetGrain<IClusterGrain>(0);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _wanted = Record.Specification;
        _plannedAt = _time.GetUtcNow();
        _isAdopting = !Record.Stages.IsEmpty;
        Enter(Record.Stages.IsEmpty ? PipelineState.Waiting : PipelineState.Loading, "has moved and looks for its shards");
        var period = TimeSpan.FromMilliseconds(_options.TickMilliseconds);
        _timer = this.RegisterGrainTimer(static self => self.TickAsync(), this, new GrainTimerCreationOptions(TimeSpan.Zero, period));
        return Task.CompletedTask;
    }

    public Task<PipelineStatus> EnsureAsync(PipelineSpecification specification)
    {
        if (!string.Equals(specification.Pipeline, Key, StringComparison.Ordinal))
            throw new ArgumentException($"Pipeline {Key} was asked to be {specification.Pipeline}.");
        if (specification != _wanted)
        {
            _wanted = specification;
            _status = Describe(specification);
            _timer!.Change(TimeSpan.Zero, TimeSpan.FromMilliseconds(_options.TickMilliseconds));
        }
        return Task.FromResult(_status ??= Describe(specification));
    }

    public Task<PipelineStatus?> GetStatusAsync() => Task.FromResult(_wanted is null ? null : _status ??= Describe(_wanted));

    public async Task RetireAsync()
    {
        var specification = _wanted ?? Record.Specification;
        // Whatever fails below is asked for again; no tick may plan meanwhile, unless it is deployed again.
        _wanted = null;
        var answers = await UnloadAsync(Record.Stages);
        if (RingVerdict.OfUnloading(answers) is { Condition: RingCondition.Failed } verdict)
            throw new ShardUnavailableException($"Pipeline {Key} cannot retire yet: {verdict.Reason}.");
        PlanAgain("has unloaded its layers");
        _record.State = new PipelineRecord { Epoch = Record.Epoch };
        await _record.WriteStateAsync();
        Enter(PipelineState.Retired, "has retired");
        if (specification is not null)
            await PublishAsync(specification);
        DeactivateOnIdle();
    }

    private async Task TickAsync()
    {
        if (_wanted is not { } specification)
            return;
        if (_phase == PipelineState.Retired)
            PlanAgain("is deployed again");
        if (!Record.Stages.IsEmpty && Record.Specification != specification && _phase != PipelineState.Waiting)
            PlanAgain("is to serve with other numbers");
        for (var step = 0; step < MaximumStepsPerTick; step++)
        {
            var phase = _phase;
            await StepAsync(specification);
            await PublishAsync(specification);
            if (_phase == phase)
                return;
        }
    }

    private Task StepAsync(PipelineSpecification specification) => _phase switch
    {
        PipelineState.Waiting => _time.GetUtcNow() < _retryAt ? Task.CompletedTask : PlanAsync(specification),
        PipelineState.Loading => LoadAsync(specification),
        PipelineState.Linking => LinkAsync(),
        PipelineState.Proving => ProveAsync(),
        PipelineState.Ready => WatchAsync(specification),
        _ => Task.CompletedTask,
    };

    private async Task LoadAsync(PipelineSpecification specification)
    {
        var answers = await Task.WhenAll(Record.Stages.Select(stage => _isAdopting || _tracker.HasAccepted(stage, Record.Epoch)
            ? _ring.GetStatusAsync(stage)
            : _ring.LoadAsync(stage, ToAssignment(specification, stage))));
        _tracker.Note(answers);
        var verdict = RingVerdict.OfLoading(answers, Record.Epoch, _tracker.UnansweredInARow, _options.UnansweredLimit);
        if (verdict.Condition == RingCondition.Sound)
            Enter(PipelineState.Linking, "links its stages");
        else if (verdict.Condition != RingCondition.Pending)
            GiveUp(verdict);
        else if (_isAdopting && answers.Any(answer => answer.IsGood && !_tracker.HasAccepted(answer.Stage, Record.Epoch)))
            PlanAgain("has lost shards while nobody looked");
        else if (_tracker.MadeProgress(Record.Stages))
            _phaseSince = _time.GetUtcNow();
        else if (_time.GetUtcNow() - _phaseSince > TimeSpan.FromSeconds(_options.LoadStallSeconds))
            GiveUp(_tracker.Stalled(Record.Stages, _options.LoadStallSeconds));
    }

    private async Task LinkAsync()
    {
        var answers = await Task.WhenAll(Record.Stages.Select(stage => _ring.LinkAsync(stage, ToLink(stage))));
        if (Proceed(answers, PipelineState.Proving, "sends a token round"))
            _tracker.NoteLinked();
    }

    private async Task ProveAsync()
    {
        var answer = await _ring.ProveAsync(Record.Stages[0], Record.Epoch);
        if (Proceed([answer], PipelineState.Ready, null))
        {
            _ringFailures.Clear();
            LogReady(_logger, Key, Record.Epoch, Record.Stages.Length);
        }
        _improvementAt = _time.GetUtcNow() + TimeSpan.FromSeconds(_options.ImprovementSeconds);
    }

    private async Task WatchAsync(PipelineSpecification specification)
    {
        // A ring that breaks anywhere breaks everywhere at once, so from one round to the next the head speaks for all that live.
        var now = _time.GetUtcNow();
        var isRound = now >= _roundAt;
        var answers = await Task.WhenAll(Record.Stages
            .Where(stage => isRound || stage.Stage == 0 || !_ring.IsAlive(stage.Silo)).Select(_ring.GetStatusAsync));
        _tracker.Note(answers);
        var verdict = RingVerdict.OfServing(answers, Record.Epoch, _tracker.UnansweredInARow, _options.UnansweredLimit);
        if (verdict.Condition is RingCondition.Lost or RingCondition.Failed)
        {
            GiveUp(verdict);
            return;
        }
        now = _time.GetUtcNow();
        if (verdict.Condition != RingCondition.Sound)
            _roundAt = now;
        else if (isRound)
            _roundAt = now + RoundPeriod;
        if (now - _phaseSince >= TimeSpan.FromSeconds(_options.StableSeconds))
        {
            _failures = 0;
            _suspicions.Forgive(Record.Stages);
        }
        if (now < _improvementAt)
            return;
        _improvementAt = now + TimeSpan.FromSeconds(_options.ImprovementSeconds);
        await ImproveAsync(specification);
    }

    private bool Proceed(ShardAnswer[] answers, PipelineState next, string? reason)
    {
        var verdict = RingVerdict.OfCalls(answers);
        if (verdict.Condition == RingCondition.Sound)
        {
            Enter(next, reason);
            return true;
        }
        if (verdict.Condition == RingCondition.Failed && _ringFailures.Add(Record.Stages))
            _suspicions.Add(_suspicions.NextOf(
                _phase == PipelineState.Linking ? RingFailures.OfLinking(Record.Stages, answers) : Record.Stages));
        GiveUp(verdict);
        return false;
    }

    private void GiveUp(RingVerdict verdict)
    {
        foreach (var stage in Record.Stages.Where(stage => verdict.Suspects.Contains(stage.Device)))
            _suspicions.Add(stage);
        LogGivenUp(_logger, Key, Record.Epoch, _phase, verdict.Reason);
        if (verdict.Condition == RingCondition.Lost)
            PlanAgain($"plans again: {verdict.Reason}");
        else
            WaitFor(RetryDelay.After(++_failures, _options), $"tries again soon, {verdict.Reason}");
    }

    private void PlanAgain(string reason) => WaitFor(TimeSpan.Zero, reason);

    private void WaitFor(TimeSpan delay, string reason)
    {
        _retryAt = _time.GetUtcNow() + delay;
        Enter(PipelineState.Waiting, reason);
    }

    private void Enter(PipelineState phase, string? reason) => (_phase, _reason, _phaseSince) = (phase, reason, _time.GetUtcNow());
}
