using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Generation;

/// <summary>A running completion as batches see it: a slot, the prompt, and how many of its rows were sent.</summary>
/// <param name="chunkRows">Prompt rows that one batch may take of it.</param>
/// <param name="reusedTokens">Tokens of the prompt that the slot holds already.</param>
internal sealed class Sequence(int slot, ReadOnlyMemory<int> prompt, int chunkRows, int reusedTokens = 0)
{
    private readonly List<int> _tokens = [.. prompt.Span];
    private int? _nextToken;
    private bool _isPaused;

    public int Slot => slot;

    public int ChunkRows => chunkRows;

    public int ReusedTokens { get; } = reusedTokens;

    /// <summary>Rows that every stage has computed.</summary>
    public int ComputedRows { get; private set; } = reusedTokens;

    /// <summary>The tokens of those rows, and so what the slot holds for certain.</summary>
    public ReadOnlySpan<int> ComputedTokens => CollectionsMarshal.AsSpan(_tokens)[..ComputedRows];

    /// <summary>Rows sent so far, and so the position of the next one.</summary>
    public int SentRows { get; private set; } = reusedTokens;

    /// <summary>Set while its reader is behind: it takes no decode rows.</summary>
    public bool IsPaused
    {
        get => Volatile.Read(ref _isPaused);
        set => Volatile.Write(ref _isPaused, value);
    }

    public bool IsPrefilling => SentRows < prompt.Length;

    public bool WantsDecodeRow => _nextToken is not null && !IsPaused;

    /// <summary>The token for the next decode row is known.</summary>
    public void Continue(int token)
    {
        if (IsPrefilling || _nextToken is not null)
            throw new InvalidOperationException($"Slot {slot} has no row that a token could follow.");
        _nextToken = token;
    }

    /// <summary>Rows up to a position went all round the ring.</summary>
    public void OnComputed(int endPosition) => ComputedRows = endPosition;

    /// <summary>Puts its next rows into a batch: one decode row, or a chunk of the prompt of at most so many rows.</summary>
    /// <returns>The rows taken.</returns>
    public int Take(BatchInFlight batch, int maximumRows)
    {
        if (_nextToken is { } token)
        {
            _nextToken = null;
            _tokens.Add(token);
            batch.Add(new BatchRow(slot, SentRows++, Sample: true), token);
            batch.EndPart(new SequencePart(this, 1, SentRows, IsSampled: true), isPrompt: false);
            return 1;
        }
        var count = Math.Min(Math.Min(chunkRows, maximumRows), prompt.Length - SentRows);
        for (var taken = 0; taken < count; taken++)
        {
            batch.Add(new BatchRow(slot, SentRows, Sample: SentRows == prompt.Length - 1), prompt.Span[SentRows]);
            SentRows++;
        }
        batch.EndPart(new SequencePart(this, count, SentRows, IsSampled: !IsPrefilling), isPrompt: true);
        return count;
    }
}

/// <summary>One sequence's share of a batch.</summary>
/// <param name="EndPosition">The position after its last row, where a sampled token belongs.</param>
/// <param name="IsSampled">Whether its last row yields a token.</param>
internal readonly record struct SequencePart(Sequence Sequence, int RowCount, int EndPosition, bool IsSampled);
