using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>How many batches are to be under way, and what the next one may hold, by what the ring's answers tell of its stages.</summary>
internal sealed class BatchPace(StageAssignment assignment, HeadOptions options, bool isCutIntoPasses)
{
    /// <summary>What is gained is to be more than what measurements waver by.</summary>
    private const double QuickerShare = 0.95;

    /// <summary>Waiting prompts are spread over so many batches a stage, of so many rows at least, since each has a pass of the streams, too.</summary>
    private const int PromptBatchesPerStage = 2;
    private const int LeastJoinedRows = 32;

    private readonly RingDepth _depth = new(assignment.StageCount);
    // Each row of a guess is sampled, and the stages sample no more rows of a batch than there are slots. Trying a single row again costs
    // next to nothing where guesses are right, trying guesses again up to two rows' time.
    private readonly BatchCost _guesses = new(
        Math.Min(options.DraftRows, Math.Min(assignment.SlotCount, assignment.MaximumBatchRows)), unknownRatio: 2, singleLife: 16);
    private readonly BatchCost _pairs = new(2, unknownRatio: 1, singleLife: BatchCost.LifeBatches);
    private readonly RowBudget _budget = new(assignment.MaximumBatchRows, options.StepMilliseconds);

    /// <summary>A batch was answered.</summary>
    public void Observe(BatchInFlight batch, RingTiming timing, TimeSpan roundTrip)
    {
        _depth.Observe(timing, roundTrip.TotalMicroseconds, batch.WasAlone);
        if (batch.HoldsPrompt)
        {
            _budget.Observe(batch.RowCount, timing.SlowestMicroseconds);
            return;
        }
        _guesses.Observe(batch.RowCount, timing.SlowestMicroseconds);
        _pairs.Observe(batch.RowCount, timing.SlowestMicroseconds);
    }

    /// <summary>What one more batch may hold; null when enough are under way.</summary>
    public BatchLimits? LimitsFor(ReadOnlySpan<Sequence> sequences, int batchesInFlight)
    {
        var (streams, prompts, promptRows) = Count(sequences);
        var batches = BatchesFor(streams);
        var (share, filled) = ShareOf(streams, prompts, batches);
        if (batchesInFlight >= filled)
            return null;
        var rows = streams == 0 ? assignment.MaximumBatchRows : _budget.RowsFor(prompts);
        // With fewer streams than batches some stage has nothing to do; a batch more than the ring has room for would only queue.
        var mayGuess = streams < batches && batchesInFlight < _depth.Batches;
        return new BatchLimits(
            assignment.MaximumBatchRows, share, rows, RowBudget.LeastPromptRows, JoinedRowsOf(promptRows), mayGuess, _guesses.Rows,
            _guesses.Ratio, Math.Max(1, batches / Math.Max(1, streams)));
    }

    /// <summary>
    /// How many streams' rows a batch takes, and how many batches are to be under way for that. A token of a pair takes the time of a pair
    /// on every stage, one of a single row that of all single rows on one: where a pair costs as much as two rows, the latter is less for
    /// fewer streams than twice the batches.
    /// </summary>
    private (int Share, int Batches) ShareOf(int streams, int prompts, int batches)
    {
        // In a pass of neighbours no batch of some streams is better than one of all.
        var share = batches == 1 && isCutIntoPasses ? streams : RowTile.ShareOf(streams, batches);
        if (batches == 1 || prompts > 0)
            return (share, batches);
        if (share == _pairs.Rows && options.BatchesInFlight == 0 && _pairs.IsMeasured && streams < QuickerShare * batches * _pairs.Ratio)
            return (1, streams);
        // Streams in whole tiles may fill fewer batches than the stages could take: one more would only break the tiles up.
        return (share, share < RowTile.Rows ? batches : Math.Min((streams + share - 1) / share, batches));
    }

    /// <summary>With prompts alone one more than the stages need: the next chunk lies ready where the last one ends.</summary>
    private int BatchesFor(int streams) => options.BatchesInFlight > 0 ? options.BatchesInFlight : _depth.Batches + (streams == 0 ? 1 : 0);

    /// <summary>
    /// Several prompts overlap on the stages as the chunks of one do, if they are spread over batches: while a stage computes all of them at
    /// once, the next one has nothing to do. A single stage never waits for another.
    /// </summary>
    private int JoinedRowsOf(int promptRows) =>
        assignment.StageCount == 1
            ? assignment.MaximumBatchRows
            : Math.Max(LeastJoinedRows, promptRows / (PromptBatchesPerStage * assignment.StageCount));

    private static (int Streams, int Prompts, int PromptRows) Count(ReadOnlySpan<Sequence> sequences)
    {
        var (streams, prompts, promptRows) = (0, 0, 0);
        foreach (var sequence in sequences)
        {
            if (sequence.IsPrefilling)
                (prompts, promptRows) = (prompts + 1, promptRows + sequence.PromptRowsLeft);
            else if (!sequence.IsPaused)
                streams++;
        }
        return (streams, prompts, promptRows);
    }
}
