using OrleansInference.Embedded.Simulation;

namespace OrleansInference.Simulation.Tests.Checks;

/// <summary>
/// Plans do not oscillate: when nothing has disturbed the cluster for a while, a pipeline may still move to a better plan, and then stays.
/// Epochs never go back.
/// </summary>
internal sealed class PlanWatch(SimulationLoop loop)
{
    /// <summary>After a disturbance plans may follow each other: suspicions last 30 s, and waits grow to 15 s.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(60);

    /// <summary>Plans of one pipeline in a calm. Each move frees memory that others may move to, so a few are right.</summary>
    public const int PlansInCalm = 3;

    /// <summary>Plans of one pipeline within a minute, however bad the times are.</summary>
    public const int PlansInMinute = 60;

    private readonly Dictionary<string, long> _epochs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _inCalm = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<TimeSpan>> _inMinute = new(StringComparer.Ordinal);
    private TimeSpan _disturbedAt;

    /// <summary>Whether nothing has happened for so long that all should be well.</summary>
    public bool IsCalm => loop.Now - _disturbedAt >= SettleTime;

    public long Checks { get; private set; }

    /// <summary>Plans made.</summary>
    public long Plans { get; private set; }

    /// <summary>Something has happened to devices or connections, or has ended.</summary>
    public void Disturb()
    {
        _disturbedAt = loop.Now;
        _inCalm.Clear();
    }

    public void Note(string pipeline, long epoch)
    {
        Checks++;
        var before = _epochs.GetValueOrDefault(pipeline);
        _epochs[pipeline] = epoch;
        if (epoch < before)
            Fail($"the epoch of {pipeline} went back from {before} to {epoch}");
        if (epoch > before)
            NotePlan(pipeline);
    }

    private void NotePlan(string pipeline)
    {
        Plans++;
        var recent = _inMinute.TryGetValue(pipeline, out var known) ? known : _inMinute[pipeline] = new Queue<TimeSpan>();
        recent.Enqueue(loop.Now);
        while (loop.Now - recent.Peek() > TimeSpan.FromMinutes(1))
            recent.Dequeue();
        if (recent.Count > PlansInMinute)
            Fail($"{pipeline} was planned {recent.Count} times within a minute");
        if (!IsCalm)
            return;
        _inCalm[pipeline] = _inCalm.GetValueOrDefault(pipeline) + 1;
        if (_inCalm[pipeline] > PlansInCalm)
            Fail($"{pipeline} was planned {_inCalm[pipeline]} times although nothing has changed since {_disturbedAt}");
    }

    private void Fail(string message) => loop.Fail(new InvariantViolationException(WorldChecker.PlanInvariant, message));
}
