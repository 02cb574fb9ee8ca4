using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Stages;
using OrleansInference.Silo.Tests.Devices;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Generation;

/// <summary>
/// A scheduler with a ring in which every stage takes whole ticks for a batch: what is under way where is exact. The model goes by the
/// first token of the prompt: 0 draws tokens like dice, any other repeats what stood so many tokens before, with a surprise now and then.
/// </summary>
internal sealed class SimulatedRing
{
    private const int MaximumRows = 32;
    private const int Slots = 8;

    private readonly Queue<StageWork> _way = new();
    private readonly Queue<StageWork>[] _queues;
    private readonly (StageWork Work, int TicksLeft)?[] _stages;
    private readonly List<int>?[] _slots = new List<int>?[Slots];
    private long _nextRequest;

    public SimulatedRing(int stages, HeadOptions? options = null)
    {
        options ??= new HeadOptions();
        _queues = [.. Enumerable.Range(0, stages).Select(_ => new Queue<StageWork>())];
        _stages = new (StageWork, int)?[stages];
        var assignment = new StageAssignment(
            "fake/0", "fake", 1, 0, stages, 0, FakeModel.LayerCount, "device", Slots, 100_000, 10_000, MaximumRows, QueueLength: 256);
        Scheduler = new Scheduler(assignment, new FakeTokenizer(), hasSlidingWindow: false, options, new ManualTime());
    }

    public Scheduler Scheduler { get; }

    public int Ticks { get; private set; }

    /// <summary>Rows of each batch that was answered, by slot.</summary>
    public List<int[]> Batches { get; } = [];

    /// <summary>What a batch of so many rows takes a stage, as its answer says; nothing that could be measured if not set.</summary>
    public Func<int, int> Microseconds { get; set; } = _ => 0;

    /// <summary>For how long a stage is at work on a batch of so many rows.</summary>
    public Func<int, int> StageTicks { get; set; } = _ => 1;

    /// <summary>Whether the last stage fails to compute the batch that it has now.</summary>
    public Func<bool> IsFaulty { get; set; } = () => false;

    /// <summary>What the model says, without any ring.</summary>
    public static List<int> Complete(int[] prompt, int tokens)
    {
        var text = prompt.ToList();
        for (var count = 0; count < tokens; count++)
            text.Add(Next(text));
        return text[prompt.Length..];
    }

    public Completion Start(int[] prompt, int tokens, int chunkRows = MaximumRows)
    {
        var request = new GenerationRequest { PromptTokens = [.. prompt], Sampling = SamplingParameters.Greedy, MaximumTokens = tokens };
        var completion = new Completion(++_nextRequest, request, outboxTokens: 65_536, onOutput: null)
        {
            Prompt = new PreparedPrompt(prompt, tokens, chunkRows, Echo: "", Error: null),
        };
        Scheduler.Add(completion);
        return completion;
    }

    public void RunUntilAllEnd(IReadOnlyCollection<Completion> completions)
    {
        while (completions.Any(completion => !completion.Finished.IsCompleted))
        {
            Tick();
            Ticks.ShouldBeLessThan(100_000, "everything ends");
        }
        while (_way.Count > 0)
            Tick();
        Scheduler.BusySlots.ShouldBe(0);
    }

    /// <summary>One step of every stage, and then of the scheduler.</summary>
    public void Tick()
    {
        Ticks++;
        for (var stage = _stages.Length - 1; stage >= 0; stage--)
            Advance(stage);
        foreach (var work in Scheduler.Step())
        {
            _way.Enqueue(work);
            if (work.Frame is null)
                _queues[0].Enqueue(work);
        }
        for (var stage = 0; stage < _stages.Length; stage++)
        {
            if (_stages[stage] is null && _queues[stage].TryDequeue(out var next))
                _stages[stage] = (next, StageTicks(next.Rows.Length));
        }
        if (_stages.All(stage => stage is null))
            ComputeUpTo(null);
    }

    public static List<int> TokensOf(Completion completion) =>
        [.. completion.Outbox.Take().Delta?.Read().Tokens.Select(token => token.Token) ?? []];

    private static int Next(List<int> text)
    {
        var hash = text.Aggregate(17u, (sum, token) => (sum * 31) + (uint)token);
        var isSurprise = text[0] == 0 || hash % 97 == 0;
        return isSurprise ? (int)((hash >> 8) % 90) : text[^text[0]];
    }

    private void Advance(int stage)
    {
        if (_stages[stage] is not var (work, ticksLeft))
            return;
        _stages[stage] = ticksLeft > 1 ? (work, ticksLeft - 1) : null;
        if (ticksLeft > 1)
            return;
        if (stage == _stages.Length - 1)
            Compute(work);
        else
            _queues[stage + 1].Enqueue(work);
    }

    private void Compute(StageWork batch)
    {
        ComputeUpTo(batch.BatchId);
        var rows = batch.Rows.ToArray();
        Batches.Add([.. rows.Select(row => row.Slot)]);
        if (IsFaulty())
        {
            Scheduler.Answer(new FaultFrame(batch.BatchId, "The accelerator coughed."));
            return;
        }
        if (rows.DistinctBy(row => row.Slot).Any(row => row.Position != _slots[row.Slot]!.Count))
        {
            // As a real stage does after it failed to compute the rows before.
            Scheduler.Answer(new FaultFrame(batch.BatchId, "A slot does not go on at the row's position."));
            return;
        }
        var sampled = new List<SampledToken>();
        for (var index = 0; index < rows.Length; index++)
        {
            var (slot, position, isSampled) = rows[index];
            var text = _slots[slot]!;
            text.Count.ShouldBe(position);
            text.Add(batch.Tokens.Span[index]);
            if (isSampled)
                sampled.Add(new SampledToken(slot, position + 1, Next(text), -0.5f, null));
        }
        var taken = Microseconds(rows.Length);
        Scheduler.Answer(new TokensFrame(batch.BatchId, sampled.ToArray(), new RingTiming(taken, taken * _stages.Length)));
    }

    private void ComputeUpTo(long? batchId)
    {
        while (_way.TryDequeue(out var work) && (work.Frame is not null || work.BatchId != batchId))
        {
            switch (work.Frame)
            {
                case OpenFrame open:
                    _slots[open.Slot] ??= [];
                    break;
                case CopyFrame copy:
                    _slots[copy.TargetSlot]!.ShouldBeEmpty();
                    _slots[copy.TargetSlot] = _slots[copy.SourceSlot]![..copy.EndPosition];
                    break;
                case ClearFrame { FromPosition: 0 } clear:
                    _slots[clear.Slot] = null;
                    break;
                case ClearFrame clear:
                    clear.FromPosition.ShouldBeGreaterThan(0);
                    var text = _slots[clear.Slot]!;
                    text.RemoveRange(Math.Min(clear.FromPosition, text.Count), Math.Max(0, text.Count - clear.FromPosition));
                    break;
            }
        }
    }
}
