using System.Collections.Immutable;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Finds the first stop text in text that arrives in pieces. Text that may be the beginning of a stop text is held back, and a stop
/// text itself is never released. First is the stop text that is complete first, the longest of those that end together, so
/// the outcome does not depend on where the pieces were cut.
/// </summary>
internal sealed class StopMatcher(ImmutableArray<string> stops)
{
    /// <summary>What was released last, and behind it what is held back.</summary>
    private char[] _text = new char[64];
    private int _released;
    private int _end;

    public bool IsStopped { get; private set; }

    /// <summary>Adds text and returns what may be shown of it; after <see cref="IsStopped"/> nothing more is.</summary>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<char> text)
    {
        if (IsStopped)
            return [];
        if (stops.IsEmpty)
            return text;
        var held = _end - _released;
        var pending = Add(text);
        for (var end = held + 1; end <= pending.Length; end++)
        {
            var longest = LongestStopAtEndOf(pending[..end]);
            if (longest == 0)
                continue;
            IsStopped = true;
            return pending[..(end - longest)];
        }
        _released = _end - LengthOfPossibleBeginning(pending);
        return pending[.._released];
    }

    /// <summary>Adds the last of the text and releases what was held back: no more will come.</summary>
    public ReadOnlySpan<char> Flush(ReadOnlySpan<char> last = default)
    {
        if (stops.IsEmpty || IsStopped)
            return Append(last);
        var shown = Append(last);
        if (IsStopped)
            return shown;
        _released = _end;
        return _text.AsSpan(0, _end);
    }

    /// <returns>What was held back with the text after it, at the beginning of the buffer.</returns>
    private ReadOnlySpan<char> Add(ReadOnlySpan<char> text)
    {
        _text.AsSpan(_released.._end).CopyTo(_text);
        _end -= _released;
        _released = 0;
        if (_text.Length < _end + text.Length)
            Array.Resize(ref _text, Math.Max(_end + text.Length, 2 * _text.Length));
        text.CopyTo(_text.AsSpan(_end));
        _end += text.Length;
        return _text.AsSpan(0, _end);
    }

    private int LongestStopAtEndOf(ReadOnlySpan<char> text)
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            if (stop.Length > longest && text.EndsWith(stop, StringComparison.Ordinal))
                longest = stop.Length;
        }
        return longest;
    }

    private int LengthOfPossibleBeginning(ReadOnlySpan<char> text)
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.EndsWith(stop.AsSpan(0, length), StringComparison.Ordinal))
                    longest = length;
            }
        }
        return longest;
    }
}
