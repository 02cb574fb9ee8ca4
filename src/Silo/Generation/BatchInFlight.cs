using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// A batch while it is formed and on its way round the ring, with its own memory for rows, tokens and parts, which it keeps for the next
/// batch that it is used for.
/// </summary>
internal sealed class BatchInFlight(int maximumRows, int maximumParts)
{
    private readonly BatchRow[] _rows = new BatchRow[maximumRows];
    private readonly int[] _tokens = new int[maximumRows];
    private readonly SequencePart[] _parts = new SequencePart[maximumParts];
    private int _partCount;

    public long BatchId { get; private set; }

    /// <summary>Time stamp of when it left.</summary>
    public long SentAt { get; private set; }

    /// <summary>Whether no other batch was under way when it left.</summary>
    public bool WasAlone { get; private set; }

    /// <summary>Whether it holds rows of prompts.</summary>
    public bool HoldsPrompt { get; private set; }

    public int RowCount { get; private set; }

    public ReadOnlySpan<BatchRow> Rows => _rows.AsSpan(0, RowCount);

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, RowCount);

    /// <summary>Whose its rows are, in row order.</summary>
    public ReadOnlySpan<SequencePart> Parts => _parts.AsSpan(0, _partCount);

    public void Add(BatchRow row, int token)
    {
        _rows[RowCount] = row;
        _tokens[RowCount++] = token;
    }

    /// <summary>Says whose the rows are that were added last.</summary>
    public void EndPart(SequencePart part, bool isPrompt)
    {
        _parts[_partCount++] = part;
        HoldsPrompt |= isPrompt;
    }

    /// <summary>What the first stage is to do with it.</summary>
    public StageWork Send(long batchId, long sentAt, bool isAlone)
    {
        BatchId = batchId;
        SentAt = sentAt;
        WasAlone = isAlone;
        return new StageWork(batchId, _rows.AsMemory(0, RowCount), _tokens.AsMemory(0, RowCount), isAlone);
    }

    /// <summary>Makes it ready to be formed anew; nobody else may use its memory any more.</summary>
    public void Clear()
    {
        Array.Clear(_parts, 0, _partCount);
        RowCount = _partCount = 0;
        HoldsPrompt = false;
    }
}
