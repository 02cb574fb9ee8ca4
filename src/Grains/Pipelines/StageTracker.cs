using System.Collections.Immutable;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

/// <summary>What the shards of the present plan last said.</summary>
internal sealed class StageTracker
{
    private readonly Dictionary<int, ShardStatus> _statuses = [];
    private readonly Dictionary<int, int> _unanswered = [];
    private double _progress;

    public IReadOnlyDictionary<int, int> UnansweredInARow => _unanswered;

    /// <summary>Forgets all: there is a new plan.</summary>
    public void Restart()
    {
        _statuses.Clear();
        _unanswered.Clear();
        _progress = 0;
    }

    public void Note(IEnumerable<ShardAnswer> answers)
    {
        foreach (var answer in answers)
        {
            var stage = answer.Stage.Stage;
            _unanswered[stage] = answer.Problem == ShardProblem.Unanswered ? _unanswered.GetValueOrDefault(stage) + 1 : 0;
            if (answer.Status is { } status)
                _statuses[stage] = status;
        }
    }

    /// <summary>All shards of the plan have just been linked.</summary>
    public void NoteLinked()
    {
        foreach (var (stage, status) in _statuses)
            _statuses[stage] = status with { State = ShardState.Linked };
    }

    /// <summary>Whether the shard has the assignment of this epoch, so that asking for its status is enough.</summary>
    public bool HasAccepted(PlacedStage stage, long epoch) =>
        _statuses.TryGetValue(stage.Stage, out var status) && status.Epoch == epoch && status.State != ShardState.Empty;

    public bool MadeProgress(ImmutableArray<PlacedStage> stages)
    {
        var progress = Progress(stages);
        var isMore = progress > _progress;
        _progress = progress;
        return isMore;
    }

    /// <summary>0 to 1, by bytes.</summary>
    public double Progress(ImmutableArray<PlacedStage> stages)
    {
        var total = stages.Sum(static stage => (double)stage.Bytes);
        return total == 0 ? 0 : stages.Sum(stage => stage.Bytes * (_statuses.GetValueOrDefault(stage.Stage)?.LoadProgress ?? 0)) / total;
    }

    public RingVerdict Stalled(ImmutableArray<PlacedStage> stages, int seconds)
    {
        var stuck = stages.Where(stage => _statuses.GetValueOrDefault(stage.Stage)?.State is not (ShardState.Loaded or ShardState.Linked))
            .Select(static stage => stage.Device).ToImmutableArray();
        return new RingVerdict(RingCondition.Failed, $"loading on {string.Join(", ", stuck)} made no progress for {seconds} s", stuck);
    }

    public bool IsBusy(PlacedStage head) =>
        _statuses.TryGetValue(head.Stage, out var status) && (status.BusySlots > 0 || status.QueuedRequests > 0);

    public string EndpointOf(PlacedStage stage) => _statuses[stage.Stage].DataPlaneEndpoint;

    public ImmutableArray<StageStatus> Describe(ImmutableArray<PlacedStage> stages) => [.. stages.Select(stage =>
    {
        var status = _statuses.GetValueOrDefault(stage.Stage);
        return new StageStatus(
            stage.Stage, stage.FirstLayer, stage.EndLayer, stage.Device, status?.ProcessId ?? 0, status?.State ?? ShardState.Empty,
            status?.LoadProgress ?? 0, status?.MappedBytes ?? 0, status?.KvBytes ?? 0);
    })];
}
