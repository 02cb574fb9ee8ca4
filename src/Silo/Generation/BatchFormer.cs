using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Forms the next batch: first one decode row for each running sequence, so that no stream stalls, then chunks of prompts in the rows
/// that are left. Both kinds take turns, so that nobody waits for long when there are more rows than a batch holds. Only when there is
/// neither does a batch take a guess, one row, which then costs nobody anything.
/// A row that would be alone takes more guesses of its stream with it where that pays.
/// </summary>
/// <param name="isCutIntoPasses">
/// Whether each slot has cells of its own: then a prompt is computed in a pass of its own, beside that of the streams.
/// </param>
internal sealed class BatchFormer(bool isCutIntoPasses)
{
    private int _decodeTurn;
    private int _promptTurn;
    private int _guessTurn;
    private bool _isPromptsTurn;

    /// <param name="sequences">What runs, in the order of slots.</param>
    /// <param name="batch">An empty batch, which takes the rows.</param>
    /// <returns>False when no sequence has a row to send.</returns>
    public bool Form(ReadOnlySpan<Sequence> sequences, BatchLimits limits, BatchInFlight batch)
    {
        TakeDecodeRows(sequences, Math.Min(limits.DecodeRows, limits.MaximumRows - RowsForPrompts(sequences, limits)), batch);
        TakePrompts(sequences, Math.Max(limits.Rows - batch.RowCount, limits.LeastPromptRows), limits, batch);
        if (batch.RowCount == 0 && limits.MayGuess)
            TakeGuess(sequences, batch);
        if (batch.RowCount == 1)
            TakeGuessesBeside(batch.Parts[0].Sequence, limits, batch);
        return batch.RowCount > 0;
    }

    /// <summary>Rows that streams leave to prompts even where they could fill the batch; of single rows every other one.</summary>
    private int RowsForPrompts(ReadOnlySpan<Sequence> sequences, BatchLimits limits)
    {
        foreach (var sequence in sequences)
        {
            if (!sequence.IsPrefilling)
                continue;
            _isPromptsTurn = !_isPromptsTurn;
            return limits.MaximumRows > 1 ? Math.Min(limits.LeastPromptRows, limits.MaximumRows / 2) : _isPromptsTurn ? 1 : 0;
        }
        return 0;
    }

    private void TakeDecodeRows(ReadOnlySpan<Sequence> sequences, int maximumRows, BatchInFlight batch)
    {
        var first = isCutIntoPasses ? FirstOfNeighbours(sequences, maximumRows) : FirstInTurn(sequences, _decodeTurn);
        for (var index = 0; index < sequences.Length; index++)
        {
            var sequence = sequences[(first + index) % sequences.Length];
            if (!sequence.WantsDecodeRow)
                continue;
            var isPastEnd = first + index >= sequences.Length;
            if (batch.RowCount == maximumRows || (isCutIntoPasses && isPastEnd && batch.RowCount > 0))
            {
                _decodeTurn = sequence.Slot;
                return;
            }
            sequence.Take(batch, maximumRows: 1);
            _decodeTurn = sequence.Slot + 1;
        }
    }

    /// <summary>
    /// Where a batch of neighbours begins. It does not go on from the last stream to the first, or each batch would be of other streams
    /// than any before, and they would never sit side by side. Where few are left up to the last one, those before them that wait come along.
    /// </summary>
    private int FirstOfNeighbours(ReadOnlySpan<Sequence> sequences, int maximumRows)
    {
        var first = FirstInTurn(sequences, _decodeTurn);
        var rows = 0;
        foreach (var sequence in sequences[first..])
            rows += sequence.WantsDecodeRow ? 1 : 0;
        while (rows > 0 && rows < maximumRows && first > 0 && (sequences[first - 1].WantsDecodeRow || sequences[first - 1].IsPrefilling))
            rows += sequences[--first].WantsDecodeRow ? 1 : 0;
        return first;
    }

    /// <summary>
    /// The chunk of one prompt, and of others no more than the rows that are left of it, up to those that several may have together: larger
    /// batches would overlap less. What does not share its pass with other rows is not broken up to fill a batch. While nothing else needs the
    /// room, a prompt is cut so that it is computed as if it were whole.
    /// </summary>
    private void TakePrompts(ReadOnlySpan<Sequence> sequences, int room, BatchLimits limits, BatchInFlight batch)
    {
        room = Math.Min(room, limits.MaximumRows - batch.RowCount);
        var isFirst = true;
        var first = FirstInTurn(sequences, _promptTurn);
        for (var index = 0; index < sequences.Length; index++)
        {
            var sequence = sequences[(first + index) % sequences.Length];
            if (!sequence.IsPrefilling)
                continue;
            if (isFirst)
            {
                room = RowTile.Fill(isCutIntoPasses ? 0 : batch.RowCount, Math.Min(room, sequence.ChunkRows));
                room = AttentionTile.Cut(sequence.PromptRowsLeft, room, limits.MaximumRows - batch.RowCount);
            }
            var isWhole = sequence.PromptRowsLeft <= room;
            if (room == 0 || (isCutIntoPasses && !isFirst && !isWhole))
            {
                _promptTurn = sequence.Slot;
                return;
            }
            var taken = sequence.Take(batch, isFirst ? room : Math.Min(room, sequence.ChunkRows));
            room -= taken;
            if (isFirst)
                room = Math.Min(room, RoomToJoin(Math.Max(0, limits.JoinedPromptRows - taken), batch));
            _promptTurn = sequence.Slot + 1;
            isFirst = false;
        }
    }

    /// <summary>Rows that share a pass with others are to end it at a whole tile.</summary>
    private int RoomToJoin(int room, BatchInFlight batch) =>
        isCutIntoPasses ? room : RowTile.Fill(batch.RowCount, room);

    private void TakeGuess(ReadOnlySpan<Sequence> sequences, BatchInFlight batch)
    {
        var first = FirstInTurn(sequences, _guessTurn);
        for (var index = 0; index < sequences.Length; index++)
        {
            var sequence = sequences[(first + index) % sequences.Length];
            if (!sequence.TryGuess(batch))
                continue;
            _guessTurn = sequence.Slot + 1;
            return;
        }
    }

    private static void TakeGuessesBeside(Sequence sequence, BatchLimits limits, BatchInFlight batch)
    {
        if (sequence.Drafts?.Pays(limits.GuessRows, limits.GuessCost, limits.StreamBatches) != true)
            return;
        while (batch.RowCount < limits.GuessRows && sequence.TryGuess(batch))
        {
        }
    }

    private static int FirstInTurn(ReadOnlySpan<Sequence> sequences, int turn)
    {
        for (var index = 0; index < sequences.Length; index++)
        {
            if (sequences[index].Slot >= turn)
                return index;
        }
        return 0;
    }
}

/// <summary>What one batch may hold.</summary>
/// <param name="MaximumRows">What the stages can take at all.</param>
/// <param name="DecodeRows">Rows of running streams: their share, so that every batch under way has some.</param>
/// <param name="Rows">Rows that prompts may fill it up to.</param>
/// <param name="LeastPromptRows">Rows of prompts even when streams fill it, so that prompts get on.</param>
/// <param name="JoinedPromptRows">Rows of prompts up to which others join the first one.</param>
/// <param name="MayGuess">Whether the stages would idle without it.</param>
/// <param name="GuessRows">Rows that a row which would be alone may become with guesses.</param>
/// <param name="GuessCost">The time of a batch of so many rows in those of a single row.</param>
/// <param name="StreamBatches">Batches that each stream may have under way.</param>
internal readonly record struct BatchLimits(
    int MaximumRows, int DecodeRows, int Rows, int LeastPromptRows, int JoinedPromptRows = int.MaxValue, bool MayGuess = false,
    int GuessRows = 1, double GuessCost = double.PositiveInfinity, int StreamBatches = 1);
