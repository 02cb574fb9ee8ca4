namespace OrleansInference.Silo.Generation;

/// <summary>When a prompt starts from what a slot holds.</summary>
/// <param name="MinimumTokens">A shorter common beginning is computed again.</param>
/// <param name="WholeOnly">
/// Only if the prompt continues all that an idle slot holds. A model with a sliding window wants it so: cells that no row at a slot's end
/// would look at any more are given away, and a shorter beginning would miss them.
/// </param>
internal sealed record ReuseRule(int MinimumTokens, bool WholeOnly = false)
{
    /// <summary>Null when nothing is to be reused.</summary>
    public static ReuseRule? Of(HeadOptions options, bool hasSlidingWindow) =>
        options.PrefixReuse ? new ReuseRule(options.MinimumReusedTokens, WholeOnly: hasSlidingWindow) : null;
}
