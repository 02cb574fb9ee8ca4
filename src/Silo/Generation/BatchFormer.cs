using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Forms the next batch: first one decode row for each running sequence, so that no stream stalls, then chunks of prompts in the rows
/// that are left. Both kinds take turns, so that nobody waits for long when there are more rows than a batch holds.
/// </summary>
internal sealed class BatchFormer(int maximumRows)
{
    private int _decodeTurn;
    private int _prefillTurn;

    /// <summary>The batch, or null when no sequence has a row to send.</summary>
    public FormedBatch? Form(IReadOnlyList<Sequence> sequences)
    {
        var rows = new List<BatchRow>();
        var tokens = new List<int>();
        var parts = new List<SequencePart>();
        _decodeTurn = TakeInTurn(sequences, _decodeTurn, sequence => sequence.WantsDecodeRow, rows, tokens, parts);
        _prefillTurn = TakeInTurn(sequences, _prefillTurn, sequence => sequence.IsPrefilling, rows, tokens, parts);
        return rows.Count == 0 ? null : new FormedBatch([.. rows], [.. tokens], [.. parts]);
    }

    /// <summary>Lets each sequence of a kind take rows once, from the slot whose turn it is on, and says whose turn is next.</summary>
    private int TakeInTurn(
        IReadOnlyList<Sequence> sequences, int turn, Func<Sequence, bool> isWanted, List<BatchRow> rows, List<int> tokens,
        List<SequencePart> parts)
    {
        var wanted = sequences.Where(isWanted).OrderBy(sequence => sequence.Slot).ToList();
        var first = Math.Max(0, wanted.FindIndex(sequence => sequence.Slot >= turn));
        for (var index = 0; index < wanted.Count; index++)
        {
            var sequence = wanted[(first + index) % wanted.Count];
            if (rows.Count == maximumRows)
                return sequence.Slot;
            parts.Add(sequence.Take(rows, tokens, maximumRows - rows.Count));
            turn = sequence.Slot + 1;
        }
        return turn;
    }
}

/// <summary>Rows of a batch with their tokens, and whose they are, in row order.</summary>
internal sealed record FormedBatch(BatchRow[] Rows, int[] Tokens, SequencePart[] Parts);
