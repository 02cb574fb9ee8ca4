namespace OrleansInference.Silo.Generation;

/// <summary>
/// A stream's guesses at its own next tokens: what followed the last time that its latest tokens stood in the prompt or in the completion.
/// Judges itself by every token that comes, whether the guess was sent or only made, so it stops when it does not pay and begins again
/// when it would.
/// </summary>
/// <param name="maximumTokens">How many tokens the sequence can come to have.</param>
/// <param name="draftTokens">Guesses that may be under way at once.</param>
internal sealed class DraftSource(int maximumTokens, int draftTokens)
{
    /// <summary>A guess is made while the chance that it and those before it are right is at least this.</summary>
    private const double LeastChance = 0.4;

    /// <summary>How much more tokens for the time batches of several rows are to promise: how often guesses are right wavers.</summary>
    private const double LeastGain = 1.1;

    private const double FirstAcceptance = 0.65;
    private const double NewShare = 0.125;
    private const int FirstCapacity = 64;

    private readonly PromptLookup _lookup = new(maximumTokens);
    private int[] _tokens = new int[FirstCapacity];
    private int _knownCount;
    private int _guessedCount;
    private int? _source;
    private double _acceptance = FirstAcceptance;

    /// <summary>Guesses that were sent.</summary>
    public int DraftedTokens { get; private set; }

    /// <summary>Guesses that were sent and right.</summary>
    public int AcceptedTokens { get; private set; }

    /// <summary>Adds tokens that nobody was to guess: the prompt.</summary>
    public void Begin(ReadOnlySpan<int> prompt)
    {
        EnsureCapacity(prompt.Length + 1);
        prompt.CopyTo(_tokens);
        _knownCount = _guessedCount = prompt.Length;
        _source = _lookup.Find(prompt);
    }

    /// <summary>Whether batches of several rows, guesses but for the first, bring more tokens for their time than batches of one.</summary>
    /// <param name="rows">Rows of such a batch.</param>
    /// <param name="cost">Its time in those of a single row.</param>
    /// <param name="batches">Batches that the stream has under way.</param>
    public bool Pays(int rows, double cost, int batches) =>
        ExpectedTokens(rows * batches) > LeastGain * cost * ExpectedTokens(batches);

    /// <summary>The next guess, after those that are under way; null when there is none worth the work.</summary>
    public int? Guess()
    {
        var waiting = _guessedCount - _knownCount;
        // The last token never becomes a row, so guessing it helps nobody.
        if (_source is not { } source || waiting >= draftTokens || _guessedCount >= maximumTokens - 1
            || Math.Pow(_acceptance, waiting + 1) < LeastChance)
            return null;
        EnsureCapacity(_guessedCount + 1);
        // The source may run into the guesses themselves: a text that repeats itself goes on repeating.
        var token = _tokens[_guessedCount++] = _tokens[source];
        _source = source + 1;
        DraftedTokens++;
        return token;
    }

    /// <summary>The next token is known.</summary>
    /// <returns>False when another one was guessed, and so every guess that is under way is worth nothing.</returns>
    public bool Confirm(int token)
    {
        var wasSent = _guessedCount > _knownCount;
        int? guess = wasSent ? _tokens[_knownCount] : _source is { } source ? _tokens[source] : null;
        if (guess is not null)
            _acceptance += ((guess == token ? 1 : 0) - _acceptance) * NewShare;
        EnsureCapacity(_knownCount + 1);
        _tokens[_knownCount++] = token;
        if (wasSent && guess == token)
        {
            AcceptedTokens++;
            return true;
        }
        _guessedCount = _knownCount;
        _source = guess == token ? _source + 1 : _lookup.Find(_tokens.AsSpan(0, _knownCount));
        return !wasSent;
    }

    /// <summary>Forgets the guesses that are under way.</summary>
    public void GoBack()
    {
        _guessedCount = _knownCount;
        _source = _lookup.Find(_tokens.AsSpan(0, _knownCount));
    }

    /// <summary>Of so many rows under way each counts when all guesses before it were right.</summary>
    private double ExpectedTokens(int rows)
    {
        var (expected, chance) = (0.0, 1.0);
        for (var row = 0; row < Math.Min(rows, draftTokens + 1); row++)
        {
            expected += chance;
            chance *= _acceptance;
        }
        return expected;
    }

    private void EnsureCapacity(int count)
    {
        if (count > _tokens.Length)
            Array.Resize(ref _tokens, Math.Max(count, Math.Min(2 * _tokens.Length, maximumTokens)));
    }
}
