using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Silo.Generation;

/// <summary>How many batches are to be under way, and what the next one may hold, by what the ring's answers tell of its stages.</summary>
internal sealed class BatchPace(StageAssignment assignment, HeadOptions options)
{
    private readonly RingDepth _depth = new(assignment.StageCount);
    private readonly RowBudget _budget = new(assignment.MaximumBatchRows, options.StepMilliseconds);

    /// <summary>A batch was answered.</summary>
    public void Observe(BatchInFlight batch, RingTiming timing, TimeSpan roundTrip)
    {
        _depth.Observe(timing, roundTrip.TotalMicroseconds, batch.WasAlone);
        if (batch.HoldsPrompt)
            _budget.Observe(batch.RowCount, timing.SlowestMicroseconds);
    }

    /// <summary>What one more batch may hold; null when enough are under way.</summary>
    public BatchLimits? LimitsFor(ReadOnlySpan<Sequence> sequences, int batchesInFlight)
    {
        var streams = CountStreams(sequences);
        var batches = BatchesFor(streams);
        if (batchesInFlight >= batches)
            return null;
        var share = (streams + batches - 1) / batches;
        var rows = streams == 0 ? assignment.MaximumBatchRows : _budget.Rows;
        // With fewer streams than batches some stage has nothing to do; a batch more than the ring has room for would only queue.
        var mayGuess = streams < batches && batchesInFlight < _depth.Batches;
        return new BatchLimits(assignment.MaximumBatchRows, share, rows, RowBudget.LeastPromptRows, mayGuess);
    }

    /// <summary>With prompts alone one more than the stages need: the next chunk lies ready where the last one ends.</summary>
    private int BatchesFor(int streams) => options.BatchesInFlight > 0 ? options.BatchesInFlight : _depth.Batches + (streams == 0 ? 1 : 0);

    private static int CountStreams(ReadOnlySpan<Sequence> sequences)
    {
        var count = 0;
        foreach (var sequence in sequences)
        {
            if (sequence is { IsPrefilling: false, IsPaused: false })
                count++;
        }
        return count;
    }
}
