using OrleansInference.DataPlane.Generation;
using static OrleansInference.DataPlane.Codec.FrameRules;

namespace OrleansInference.DataPlane.Codec;

/// <summary>What a delta and a finish must be.</summary>
internal static class OutcomeRules
{
    public static string? ProblemOf(GenerationDelta delta)
    {
        if (delta.Text is null)
            return "text is not set";
        foreach (var token in delta.Tokens.OrEmpty())
        {
            if (ProblemOf(token) is { } problem)
                return problem;
        }

        return null;
    }

    public static string? ProblemOf(GenerationFinish finish) =>
        (Enum.IsDefined(finish.Reason) ? null : $"reason is {finish.Reason}, which is none")
        ?? RangeProblem("prompt tokens", finish.PromptTokens, 0, int.MaxValue)
        ?? RangeProblem("completion tokens", finish.CompletionTokens, 0, int.MaxValue)
        ?? RangeProblem("cached tokens", finish.CachedTokens, 0, finish.PromptTokens)
        ?? RangeProblem("drafted tokens", finish.DraftedTokens, 0, int.MaxValue)
        ?? RangeProblem("accepted tokens", finish.AcceptedTokens, 0, finish.DraftedTokens)
        ?? ((finish.Reason == FinishReason.Error) == (finish.Error is not null)
            ? null
            : $"the reason is {finish.Reason}, with {(finish.Error is null ? "no" : "an")} error beside it")
        ?? (finish.Error is null ? null : ProblemOf(finish.Error));

    public static string? AlternativesProblem(int count, int longestPieceBytes) =>
        RangeProblem("alternative count", count, 0, MaximumAlternatives)
        ?? RangeProblem("length of token's bytes", longestPieceBytes, 0, MaximumPieceBytes);

    private static string? ProblemOf(GenerationError error) =>
        (Enum.IsDefined(error.Code) ? null : $"error code is {error.Code}, which is none")
        ?? TextProblem("error's message", error.Message, MaximumReasonBytes)
        ?? RangeProblem("error's retry-after", error.RetryAfterMilliseconds, 0, int.MaxValue);

    private static string? ProblemOf(TokenLogProbability token)
    {
        var alternatives = token.Alternatives.OrEmpty();
        var longest = token.Bytes.OrEmpty().Length;
        foreach (var alternative in alternatives)
        {
            longest = Math.Max(longest, alternative.Bytes.OrEmpty().Length);
            if (RangeProblem("alternative", alternative.Token, 0, int.MaxValue) is { } problem)
                return problem;
        }

        return RangeProblem("token", token.Token, 0, int.MaxValue) ?? AlternativesProblem(alternatives.Length, longest);
    }
}
