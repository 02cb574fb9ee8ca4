using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Generation;

/// <summary>When a prompt starts from what a slot holds.</summary>
/// <param name="MinimumTokens">A shorter common beginning is computed again.</param>
/// <param name="MinimumCopiedTokens">
/// A common beginning that another slot is to keep, too, is copied only from this length on: where slots have cells of their own a copy
/// moves all of a slot's, however few are wanted.
/// </param>
/// <param name="WholeOnly">
/// Only if the prompt continues all that an idle slot holds. A model with a sliding window wants it so: cells that no row at a slot's end
/// would look at any more are given away, and a shorter beginning would miss them.
/// </param>
internal sealed record ReuseRule(int MinimumTokens, int MinimumCopiedTokens = 0, bool WholeOnly = false)
{
    /// <summary>Moving a position's cells costs well below this share of computing them.</summary>
    private const int CopyShare = 256;

    /// <summary>Null when nothing is to be reused.</summary>
    public static ReuseRule? Of(HeadOptions options, int slotCount, int cellCount, bool hasSlidingWindow)
    {
        if (!options.PrefixReuse)
            return null;
        var least = options.MinimumReusedTokens;
        var copied = KvLayout.IsPerSlot(slotCount, cellCount, hasSlidingWindow) ? Math.Max(least, cellCount / slotCount / CopyShare) : least;
        return new ReuseRule(least, copied, WholeOnly: hasSlidingWindow);
    }
}
