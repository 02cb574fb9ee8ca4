using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>
/// Turns one sequence's logits into tokens. A draw depends on the parameters, the position and the tokens before it, and on nothing else.
/// </summary>
internal sealed class SequenceSampler : IDisposable
{
    private readonly SamplingParameters _sampling;
    private readonly SamplerChain? _chain;
    private readonly bool _hasPenalties;
    private readonly List<int> _history;
    private readonly int _openedTokens;
    private int _acceptedTokens;

    /// <param name="history">The sequence's tokens so far; the token at index i is the one at position i.</param>
    public SequenceSampler(SamplingParameters sampling, ReadOnlySpan<int> history, int vocabularySize)
    {
        SamplingLimits.Require(sampling, vocabularySize);
        foreach (var token in history)
            SamplingLimits.RequireToken(token, vocabularySize);
        _sampling = sampling;
        _hasPenalties = sampling.PenaltyWindow > 0
            && (sampling.RepeatPenalty != 1 || sampling.FrequencyPenalty != 0 || sampling.PresencePenalty != 0);
        // To look for the largest logit takes no list of candidates.
        var isPlain = sampling.IsGreedy && !_hasPenalties;
        _chain = isPlain ? null : new SamplerChain(sampling, vocabularySize);
        _history = _hasPenalties ? [.. history] : [];
        _openedTokens = history.Length;
    }

    /// <exception cref="ArgumentException">The penalties need tokens that this sequence was not told.</exception>
    public void RequireHistory(BatchRow row)
    {
        if (_hasPenalties && _history.Count <= row.Position)
            throw new ArgumentException(
                $"Slot {row.Slot} samples after position {row.Position} with penalties, but only {_history.Count} "
                + "of its tokens are known; open it with all of them.");
    }

    /// <summary>Draws the token that follows a row.</summary>
    public SampledToken Sample(BatchRow row, ReadOnlySpan<float> logits, CandidateList candidates)
    {
        var position = row.Position + 1;
        var token = _chain is not null ? Draw(position, logits, candidates)
            : GreedyChoice.Of(_sampling.LogitBias.IsDefaultOrEmpty ? logits : candidates.Bias(logits, _sampling.LogitBias));
        Remember(position, token);
        if (!_sampling.LogProbabilities)
            return new SampledToken(row.Slot, position, token, float.NaN, null);
        var normalizer = LogProbabilities.Normalizer(logits);
        var alternatives = _sampling.TopLogProbabilities > 0
            ? LogProbabilities.Top(logits, _sampling.TopLogProbabilities, normalizer) : null;
        return new SampledToken(row.Slot, position, token, (float)(logits[token] - normalizer), alternatives);
    }

    public void Dispose() => _chain?.Dispose();

    private int Draw(int position, ReadOnlySpan<float> logits, CandidateList candidates)
    {
        if (_hasPenalties)
            ShowHistory(position);
        var left = candidates.Filter(logits, _chain!);
        return _sampling.IsGreedy ? Largest(left) : Pick(left, CounterDraw.Uniform(_sampling.Seed, position));
    }

    /// <summary>Makes the penalties look back on exactly the tokens before a position, also after the sequence was rolled back.</summary>
    private void ShowHistory(int endPosition)
    {
        if (_acceptedTokens > endPosition)
        {
            _chain!.Reset();
            _acceptedTokens = Math.Max(0, endPosition - _sampling.PenaltyWindow);
        }
        _acceptedTokens = Math.Max(_acceptedTokens, endPosition - _sampling.PenaltyWindow);
        for (; _acceptedTokens < endPosition; _acceptedTokens++)
            _chain!.Accept(_history[_acceptedTokens]);
    }

    /// <summary>A redo of an earlier position replaces what was drawn from there on; opened tokens were given and stay.</summary>
    private void Remember(int position, int token)
    {
        if (!_hasPenalties || position < _openedTokens)
            return;
        if (_acceptedTokens > position)
        {
            _chain!.Reset();
            _acceptedTokens = 0;
        }
        _history.RemoveRange(position, _history.Count - position);
        _history.Add(token);
    }

    private static int Largest(ReadOnlySpan<LlamaTokenData> candidates)
    {
        var best = candidates[0];
        foreach (var candidate in candidates)
        {
            if (candidate.logit > best.logit || (candidate.logit == best.logit && candidate.id < best.id))
                best = candidate;
        }
        return best.id;
    }

    /// <summary>Walks the distribution until the drawn share of it is passed.</summary>
    private static int Pick(ReadOnlySpan<LlamaTokenData> candidates, double draw)
    {
        var maximum = float.NegativeInfinity;
        foreach (var candidate in candidates)
            maximum = Math.Max(maximum, candidate.logit);
        var total = 0.0;
        foreach (var candidate in candidates)
            total += Math.Exp(candidate.logit - maximum);
        var left = draw * total;
        foreach (var candidate in candidates)
        {
            left -= Math.Exp(candidate.logit - maximum);
            if (left < 0)
                return candidate.id;
        }
        return candidates[^1].id;
    }
}
