using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// A running completion as batches see it: a slot, the prompt, and how many of its rows were sent. Rows may be sent ahead of the tokens
/// that are known, with guesses; a guess that turns out wrong begins a new era, in which nothing that was sent after it counts.
/// </summary>
/// <param name="chunkRows">Prompt rows that one batch takes of it, but for what would be left of it alone.</param>
/// <param name="drafts">Where guesses come from, if any are to be made.</param>
/// <param name="reusedTokens">Tokens of the prompt that the slot holds already.</param>
/// <param name="maximumTokens">Tokens that it may come to generate; room for the first thousands of them is made at once.</param>
internal sealed class Sequence(
    int slot, ReadOnlyMemory<int> prompt, int chunkRows, DraftSource? drafts = null, int reusedTokens = 0, int maximumTokens = 0)
{
    private const int RoomTokens = 4096;

    private readonly List<int> _knownTokens = WithRoom(prompt.Span, Math.Min(maximumTokens, RoomTokens));
    private int? _nextToken;
    private bool _isPaused;

    public int Slot => slot;

    public int ChunkRows => chunkRows;

    public int ReusedTokens { get; } = reusedTokens;

    /// <summary>Rows that every stage has computed.</summary>
    public int ComputedRows { get; private set; } = reusedTokens;

    /// <summary>The tokens of those rows, and so what the slot holds for certain.</summary>
    public ReadOnlySpan<int> ComputedTokens => CollectionsMarshal.AsSpan(_knownTokens)[..ComputedRows];

    /// <summary>Rows sent so far, and so the position of the next one.</summary>
    public int SentRows { get; private set; } = reusedTokens;

    /// <summary>Goes up with each wrong guess.</summary>
    public int Era { get; private set; }

    public DraftSource? Drafts => drafts;

    /// <summary>Set while its reader is behind: it takes no decode rows.</summary>
    public bool IsPaused
    {
        get => Volatile.Read(ref _isPaused);
        set => Volatile.Write(ref _isPaused, value);
    }

    public bool IsPrefilling => PromptRowsLeft > 0;

    /// <summary>Rows of the prompt that were not sent yet; 0 or less when there are none.</summary>
    public int PromptRowsLeft => prompt.Length - SentRows;

    public bool WantsDecodeRow => _nextToken is not null && !IsPaused;

    /// <summary>The token after those that are known has come.</summary>
    /// <returns>False when rows were sent on another guess: the ring is to forget the slot from <see cref="SentRows"/> on.</returns>
    public bool Continue(int token)
    {
        if (IsPrefilling || _nextToken is not null)
            throw new InvalidOperationException($"Slot {slot} has no row that a token could follow.");
        var position = _knownTokens.Count;
        _knownTokens.Add(token);
        var isRight = drafts?.Confirm(token) ?? true;
        if (isRight && SentRows > position)
            return true;
        _nextToken = token;
        if (isRight)
            return true;
        SentRows = position;
        Era++;
        return false;
    }

    /// <summary>Rows that were sent but not computed are to be sent again; what comes of the first time no longer counts.</summary>
    public void GoBack()
    {
        SentRows = ComputedRows;
        Era++;
        _nextToken = IsPrefilling ? null : _knownTokens[SentRows];
        drafts?.GoBack();
    }

    /// <summary>Puts a row into a batch for the token that probably comes next, while the one before it is still being computed.</summary>
    /// <returns>Whether there was one to guess.</returns>
    public bool TryGuess(BatchInFlight batch)
    {
        if (IsPrefilling || IsPaused || _nextToken is not null || drafts?.Guess() is not { } token)
            return false;
        TakeDecodeRow(batch, token);
        return true;
    }

    /// <summary>Rows up to a position went all round the ring, and all their tokens are known.</summary>
    public void OnComputed(int endPosition) => ComputedRows = endPosition;

    /// <summary>Puts its next rows into a batch: one decode row, or a chunk of the prompt of at most so many rows.</summary>
    /// <returns>The rows taken.</returns>
    public int Take(BatchInFlight batch, int maximumRows)
    {
        if (_nextToken is { } token)
        {
            _nextToken = null;
            TakeDecodeRow(batch, token);
            return 1;
        }
        var count = Math.Min(maximumRows, prompt.Length - SentRows);
        for (var taken = 0; taken < count; taken++)
        {
            batch.Add(new BatchRow(slot, SentRows, Sample: SentRows == prompt.Length - 1), prompt.Span[SentRows]);
            SentRows++;
        }
        batch.EndPart(new SequencePart(this, count, SentRows, IsSampled: !IsPrefilling, Era), isPrompt: true);
        return count;
    }

    private static List<int> WithRoom(ReadOnlySpan<int> prompt, int room)
    {
        var tokens = new List<int>(prompt.Length + room);
        tokens.AddRange(prompt);
        return tokens;
    }

    private void TakeDecodeRow(BatchInFlight batch, int token)
    {
        batch.Add(new BatchRow(slot, SentRows++, Sample: true), token);
        batch.EndPart(new SequencePart(this, 1, SentRows, IsSampled: true, Era), isPrompt: false);
    }
}

/// <summary>One sequence's share of a batch.</summary>
/// <param name="EndPosition">The position after its last row, where a sampled token belongs.</param>
/// <param name="IsSampled">Whether its last row yields a token.</param>
/// <param name="Era">The sequence's era when it was sent.</param>
internal readonly record struct SequencePart(Sequence Sequence, int RowCount, int EndPosition, bool IsSampled, int Era)
{
    public bool IsAnsweredBy(SampledToken token, int vocabularySize) =>
        token.Slot == Sequence.Slot && token.Position == EndPosition && token.Token >= 0 && token.Token < vocabularySize;
}
