using System.Collections.Concurrent;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Continuous batching, one step at a time: takes in what happened since the last step and says what the ring is to do. Steps are made
/// by one caller; only <see cref="Add"/> and <see cref="Answer"/> may be called at any time.
/// </summary>
/// <param name="hasSlidingWindow">Whether some of the model's layers see only the latest positions.</param>
internal sealed class Scheduler(
    StageAssignment assignment, ITokenizer tokenizer, bool hasSlidingWindow, HeadOptions options, TimeProvider time)
{
    // Both are bounded by their writers: the head counts the completions it lets in, the ring answers each batch once.
    private readonly ConcurrentQueue<Completion> _arrivals = new();
    private readonly ConcurrentQueue<Frame> _answers = new();
    private readonly LinkedList<Completion> _waiting = new();
    private readonly Completion?[] _running = new Completion?[assignment.SlotCount];
    private readonly Queue<BatchInFlight> _inFlight = new();
    private readonly Stack<BatchInFlight> _spareBatches = new();
    private readonly Sequence[] _sequences = new Sequence[assignment.SlotCount];
    private readonly SlotPool _slots = new(assignment.SlotCount, assignment.CellCount, 
        ReuseRule.Of(options, assignment.SlotCount, assignment.CellCount, hasSlidingWindow));
    private readonly BatchFormer _former = new(KvLayout.IsPerSlot(assignment.SlotCount, assignment.CellCount, hasSlidingWindow));
    private readonly BatchPace _pace = new(
        assignment, options, KvLayout.IsPerSlot(assignment.SlotCount, assignment.CellCount, hasSlidingWindow));
    private readonly List<StageWork> _work = [];
    private long _lastBatchId;
    private long _lastAnswerAt;
    private volatile int _busySlots;

    public int BusySlots => _busySlots;

    public void Add(Completion completion) => _arrivals.Enqueue(completion);

    /// <summary>A Tokens or Fault frame came round the ring.</summary>
    public void Answer(Frame answer) => _answers.Enqueue(answer);

    /// <summary>What the ring is to do now, in order. The list is reused by the next step.</summary>
    /// <exception cref="StageEngineException">The ring does not answer, or answers what it was not asked.</exception>
    public List<StageWork> Step()
    {
        _work.Clear();
        while (_answers.TryDequeue(out var answer))
        {
            using (answer as IDisposable)
                Apply(answer);
        }
        while (_arrivals.TryDequeue(out var completion))
            _waiting.AddLast(completion);
        RemoveUnwanted();
        Admit();
        SendBatches();
        _busySlots = _slots.BusyCount;
        // Batches wait for each other: as long as answers come, the ring is well.
        if (_inFlight.TryPeek(out var oldest)
            && time.GetElapsedTime(Math.Max(oldest.SentAt, _lastAnswerAt)).TotalSeconds > options.BatchTimeoutSeconds)
            throw new StageEngineException($"No tokens came round the ring within {options.BatchTimeoutSeconds} seconds.");
        return _work;
    }

    /// <summary>Ends everything that runs or waits.</summary>
    public void FailAll(GenerationError error)
    {
        while (_arrivals.TryDequeue(out var completion))
            _waiting.AddLast(completion);
        foreach (var completion in _waiting.Concat(_running.OfType<Completion>()))
            completion.Finish(FinishReason.Error, error);
        _waiting.Clear();
        Array.Clear(_running);
        _busySlots = 0;
    }

    private void Apply(Frame answer)
    {
        if (!_inFlight.TryDequeue(out var batch))
            throw new StageEngineException("The ring answers a batch that was never sent.");
        _lastAnswerAt = time.GetTimestamp();
        if (answer is FaultFrame fault && fault.BatchId == batch.BatchId)
            FailBatch(batch, fault.Reason);
        else if (answer is TokensFrame tokens && tokens.BatchId == batch.BatchId)
            ApplyTokens(batch, tokens);
        else
            throw new StageEngineException($"Batch {batch.BatchId} is the next to be answered; a {answer.Type} frame of another came.");
        batch.Clear();
        _spareBatches.Push(batch);
    }

    private void ApplyTokens(BatchInFlight batch, TokensFrame answer)
    {
        _pace.Observe(batch, answer.Timing, time.GetElapsedTime(batch.SentAt));
        var tokens = answer.Tokens.Span;
        var next = 0;
        foreach (var part in batch.Parts)
        {
            var completion = OwnerOf(part);
            completion?.Sequence!.OnComputed(part.EndPosition);
            if (!part.IsSampled)
                continue;
            if (next == tokens.Length || !part.IsAnsweredBy(tokens[next], tokenizer.VocabularySize))
                throw new StageEngineException($"Batch {batch.BatchId} came back with other rows than it was sent with.");
            if (completion is not null)
                Advance(completion, tokens[next]);
            next++;
        }
        if (next != tokens.Length)
            throw new StageEngineException($"Batch {batch.BatchId} came back with {tokens.Length} tokens; {next} were asked for.");
    }

    /// <summary>
    /// A sequence that was removed while its batch was under way has no owner any more, even if its slot has; nor has a part that was
    /// sent on a wrong guess.
    /// </summary>
    private Completion? OwnerOf(SequencePart part) =>
        _running[part.Sequence.Slot] is { } completion && completion.Sequence == part.Sequence && part.Era == part.Sequence.Era
            ? completion : null;

    private void Advance(Completion completion, SampledToken token)
    {
        var sequence = completion.Sequence!;
        if (completion.Append(token, tokenizer) is not { } end)
        {
            if (!sequence.Continue(token.Token))
                _work.Add(new StageWork(new ClearFrame(sequence.Slot, sequence.SentRows)));
            return;
        }
        sequence.Drafts?.Confirm(token.Token);
        Release(completion, end);
    }

    /// <summary>
    /// Of rows that nobody owns any more the stages may have refused a batch only because those before them failed: then the others in it
    /// go back and are sent again. A batch whose rows all have owners fails with them.
    /// </summary>
    private void FailBatch(BatchInFlight batch, string reason)
    {
        var isAftermath = false;
        foreach (var part in batch.Parts)
            isAftermath |= OwnerOf(part) is null;
        foreach (var part in batch.Parts)
        {
            if (OwnerOf(part) is not { } completion)
                continue;
            if (isAftermath && !hasSlidingWindow)
                SendAgain(completion);
            else
                Release(completion, FinishReason.Error, new GenerationError(GenerationErrorCode.Internal, reason));
        }
    }

    private void SendAgain(Completion completion)
    {
        var sequence = completion.Sequence!;
        sequence.GoBack();
        _work.Add(new StageWork(new ClearFrame(sequence.Slot, sequence.SentRows)));
        if (sequence.SentRows == 0)
            Open(completion);
    }

    private void Open(Completion completion) => _work.Add(
        new StageWork(new OpenFrame(completion.Sequence!.Slot, completion.Request.Sampling, completion.Prompt.Tokens)));

    private void RemoveUnwanted()
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.IsCancelled)
            {
                _waiting.Remove(node);
                node.Value.Finish(FinishReason.Cancelled);
            }
            node = next;
        }
        foreach (var completion in _running)
        {
            if (completion is { IsCancelled: true })
                Release(completion, FinishReason.Cancelled);
            else if (completion is not null)
                PauseIfBehind(completion);
        }
    }

    private void PauseIfBehind(Completion completion)
    {
        // Paused before the outbox is looked at: whoever empties it in between sees the pause and wakes the scheduler.
        completion.Sequence!.IsPaused = true;
        if (!completion.Outbox.IsFull)
        {
            completion.Sequence.IsPaused = false;
            completion.PausedSince = null;
            return;
        }
        completion.PausedSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(completion.PausedSince.Value).TotalSeconds > options.PauseTimeoutSeconds)
        {
            var message = $"{options.OutboxTokens} tokens were not read for {options.PauseTimeoutSeconds} seconds.";
            Release(completion, FinishReason.Error, new GenerationError(GenerationErrorCode.Internal, message));
        }
    }

    private void Admit()
    {
        while (_waiting.First is { Value: var completion }
            && _slots.TryTake(completion.Prompt.Tokens, completion.Prompt.MaximumCells) is { } grant)
        {
            _waiting.RemoveFirst();
            ClearSlots();
            completion.Text = new CompletionText(tokenizer, completion.Request.Stop);
            completion.Emit(completion.Prompt.Echo);
            Begin(completion, grant);
        }
    }

    private void Begin(Completion completion, SlotGrant grant)
    {
        var slot = grant.Slot;
        _running[slot] = completion;
        var prompt = completion.Prompt;
        completion.Sequence = new Sequence(
            slot, prompt.Tokens, prompt.ChunkRows, DraftsOf(prompt), grant.ReusedTokens, prompt.MaximumTokens);
        _slots.Follow(slot, completion.Sequence);
        Open(completion);
        if (grant.Preparation is { } preparation)
            _work.Add(new StageWork(preparation));
    }

    private void SendBatches()
    {
        var sequences = RunningSequences();
        while (true)
        {
            if (_pace.LimitsFor(sequences, _inFlight.Count) is not { } limits)
                return;
            var batch = _spareBatches.TryPop(out var spare) ? spare : new BatchInFlight(assignment.MaximumBatchRows, assignment.SlotCount);
            if (!_former.Form(sequences, limits, batch))
            {
                _spareBatches.Push(batch);
                return;
            }
            _work.Add(batch.Send(++_lastBatchId, time.GetTimestamp(), isAlone: _inFlight.Count == 0));
            _inFlight.Enqueue(batch);
        }
    }

    private DraftSource? DraftsOf(PreparedPrompt prompt)
    {
        // A single stage is never idle while a stream runs, so guesses in batches of their own would only delay it. And behind a wrong
        // guess a slot goes back, where a window may by then lack the cells that it no longer looked at.
        if (options.DraftTokens == 0 || (assignment.StageCount == 1 && options.DraftRows == 1) || hasSlidingWindow)
            return null;
        var drafts = new DraftSource(prompt.Tokens.Length + prompt.MaximumTokens, options.DraftTokens);
        drafts.Begin(prompt.Tokens);
        return drafts;
    }

    private ReadOnlySpan<Sequence> RunningSequences()
    {
        var count = 0;
        foreach (var completion in _running)
        {
            if (completion is not null)
                _sequences[count++] = completion.Sequence!;
        }
        return _sequences.AsSpan(0, count);
    }

    private void Release(Completion completion, FinishReason reason, GenerationError? error = null)
    {
        var sequence = completion.Sequence!;
        _running[sequence.Slot] = null;
        // Before its first answer nobody knows whether the slot was made ready on every stage.
        if (reason == FinishReason.Error || sequence.ComputedRows == sequence.ReusedTokens)
            _slots.Release(sequence.Slot);
        else
            _slots.Keep(sequence.Slot);
        ClearSlots();
        completion.Finish(reason, error);
    }

    private void ClearSlots()
    {
        while (_slots.TryTakeClearing(out var clearing))
            _work.Add(new StageWork(clearing));
    }
}
