using System.Collections.Immutable;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// Finds the first stop text in text that arrives in pieces. Text that may be the beginning of a stop text is held back, and a stop
/// text itself is never released. First is the stop text that is complete first, the longest of those that end together, so
/// the outcome does not depend on where the pieces were cut.
/// </summary>
internal sealed class StopMatcher(ImmutableArray<string> stops)
{
    private string _held = "";

    public bool IsStopped { get; private set; }

    /// <summary>Adds text and returns what may be shown of it; after <see cref="IsStopped"/> nothing more is.</summary>
    public string Append(string text)
    {
        if (IsStopped)
            return "";
        if (stops.IsEmpty)
            return text;
        var pending = _held + text;
        for (var end = _held.Length + 1; end <= pending.Length; end++)
        {
            var longest = LongestStopAtEndOf(pending.AsSpan(0, end));
            if (longest == 0)
                continue;
            IsStopped = true;
            _held = "";
            return pending[..(end - longest)];
        }
        var heldLength = LengthOfPossibleBeginning(pending);
        _held = pending[^heldLength..];
        return pending[..^heldLength];
    }

    /// <summary>Releases what was held back: no more text will come.</summary>
    public string Flush()
    {
        var rest = _held;
        _held = "";
        return rest;
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
