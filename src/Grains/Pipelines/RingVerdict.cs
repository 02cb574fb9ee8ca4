using System.Collections.Immutable;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

internal enum RingCondition
{
    /// <summary>Every shard is as far as it should be.</summary>
    Sound,

    /// <summary>Some shard is on its way, or did not answer yet.</summary>
    Pending,

    /// <summary>A silo is gone; nobody else is to blame, so the next plan need not wait.</summary>
    Lost,

    /// <summary>A shard failed; trying again at once would likely fail again.</summary>
    Failed,
}

/// <summary>What the answers of all shards mean together.</summary>
/// <param name="Suspects">Devices to leave out of the next plan, if there is one without them.</param>
internal sealed record RingVerdict(RingCondition Condition, string? Reason, ImmutableArray<string> Suspects)
{
    private static readonly RingVerdict Sound = new(RingCondition.Sound, null, []);
    private static readonly RingVerdict Pending = new(RingCondition.Pending, null, []);

    /// <param name="unansweredInARow">Per stage.</param>
    public static RingVerdict OfLoading(
        IReadOnlyList<ShardAnswer> answers, long epoch, IReadOnlyDictionary<int, int> unansweredInARow, int unansweredLimit)
    {
        if (FindTrouble(answers, unansweredInARow, unansweredLimit) is { } trouble)
            return trouble;
        foreach (var answer in answers)
            if (answer.Status is { State: ShardState.Faulted } status && status.Epoch == epoch)
                return new RingVerdict(RingCondition.Failed, Fault(answer), [answer.Stage.Device]);
        return answers.All(answer => IsLoaded(answer.Status, epoch)) ? Sound : Pending;
    }

    /// <inheritdoc cref="OfLoading"/>
    public static RingVerdict OfServing(
        IReadOnlyList<ShardAnswer> answers, long epoch, IReadOnlyDictionary<int, int> unansweredInARow, int unansweredLimit)
    {
        if (FindTrouble(answers, unansweredInARow, unansweredLimit) is { } trouble)
            return trouble;
        foreach (var answer in answers)
        {
            if (answer.Status is not { } status)
                continue;
            // A fault while serving is mostly a neighbour's, so the device that reports it is not suspected.
            if (status.State == ShardState.Faulted)
                return new RingVerdict(RingCondition.Failed, Fault(answer), []);
            if (status.State != ShardState.Linked || status.Epoch != epoch)
                return new RingVerdict(RingCondition.Failed, Forgotten(answer, status, epoch), []);
        }
        return answers.All(static answer => answer.IsGood) ? Sound : Pending;
    }

    /// <summary>Of unloading: what was on a lost silo is gone, or goes with it as it shuts down, and all else must have said so.</summary>
    public static RingVerdict OfUnloading(IReadOnlyList<ShardAnswer> answers)
    {
        var failed = answers.FirstOrDefault(static answer => !answer.IsGood && answer.Problem != ShardProblem.SiloLost);
        return failed is null ? Sound : new RingVerdict(RingCondition.Failed, failed.Reason, []);
    }

    /// <summary>Of other calls that answer nothing: linking, proving.</summary>
    public static RingVerdict OfCalls(IReadOnlyList<ShardAnswer> answers)
    {
        var lost = answers.FirstOrDefault(static answer => answer.Problem == ShardProblem.SiloLost);
        if (lost is not null)
            return new RingVerdict(RingCondition.Lost, lost.Reason, []);
        var failed = answers.FirstOrDefault(static answer => !answer.IsGood);
        return failed is null ? Sound : new RingVerdict(RingCondition.Failed, failed.Reason, []);
    }

    private static RingVerdict? FindTrouble(
        IReadOnlyList<ShardAnswer> answers, IReadOnlyDictionary<int, int> unansweredInARow, int unansweredLimit)
    {
        var lost = answers.FirstOrDefault(static answer => answer.Problem == ShardProblem.SiloLost);
        if (lost is not null)
            return new RingVerdict(RingCondition.Lost, lost.Reason, []);
        var silent = answers.FirstOrDefault(answer => unansweredInARow.GetValueOrDefault(answer.Stage.Stage) >= unansweredLimit);
        if (silent is not null)
            return new RingVerdict(RingCondition.Failed, silent.Reason, [silent.Stage.Device]);
        var refused = answers.FirstOrDefault(static answer => answer.Problem == ShardProblem.Refused);
        return refused is null ? null : new RingVerdict(RingCondition.Failed, refused.Reason, []);
    }

    private static bool IsLoaded(ShardStatus? status, long epoch) =>
        status is { State: ShardState.Loaded or ShardState.Linked } && status.Epoch == epoch;

    private static string Fault(ShardAnswer answer) =>
        $"stage {answer.Stage.Stage} on {answer.Stage.Device}: {answer.Status!.Fault ?? "faulted without saying why"}";

    private static string Forgotten(ShardAnswer answer, ShardStatus status, long epoch) =>
        $"stage {answer.Stage.Stage} on {answer.Stage.Device} is {status.State} in epoch {status.Epoch}, not linked in epoch {epoch}";
}
