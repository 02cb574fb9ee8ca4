using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using static OrleansInference.DataPlane.Codec.FrameRules;

namespace OrleansInference.DataPlane.Codec;

/// <summary>What a request and its sampling parameters must be.</summary>
internal static class SamplingRules
{
    private const float LargestRepeatPenalty = 100;
    private const float LargestBias = 100;

    public static string? ProblemOf(GenerationRequest request, DataPlaneOptions options) =>
        PromptProblem(request, options)
        ?? ProblemOf(request.Sampling, options)
        ?? RangeProblem("maximum tokens", request.MaximumTokens ?? 0, 0, HelloFrame.MaximumPositions)
        ?? StopProblem(request, options)
        ?? RangeProblem("prefill chunk rows", request.PrefillChunkRows, 0, HelloFrame.MaximumPositions);

    public static string? ProblemOf(SamplingParameters? sampling, DataPlaneOptions options)
    {
        if (sampling is null)
            return "sampling is not set";
        return RangeProblem("temperature", sampling.Temperature, 0f, 2f)
            ?? RangeProblem("top-k", sampling.TopK, 0, int.MaxValue)
            ?? RangeProblem("top-p", sampling.TopP, 0f, 1f)
            ?? RangeProblem("min-p", sampling.MinP, 0f, 1f)
            ?? RangeProblem("repeat penalty", sampling.RepeatPenalty, float.Epsilon, LargestRepeatPenalty)
            ?? RangeProblem("frequency penalty", sampling.FrequencyPenalty, -2f, 2f)
            ?? RangeProblem("presence penalty", sampling.PresencePenalty, -2f, 2f)
            ?? RangeProblem("penalty window", sampling.PenaltyWindow, 0, HelloFrame.MaximumPositions)
            ?? RangeProblem("top log probabilities", sampling.TopLogProbabilities, 0, MaximumAlternatives)
            ?? BiasProblem(sampling, options);
    }

    private static string? BiasProblem(SamplingParameters sampling, DataPlaneOptions options)
    {
        var biases = sampling.LogitBias.OrEmpty();
        if (RangeProblem("logit bias count", biases.Length, 0, options.MaximumLogitBiases) is { } count)
            return count;
        foreach (var bias in biases)
        {
            var problem = RangeProblem("biased token", bias.Token, 0, int.MaxValue)
                ?? RangeProblem("logit bias", bias.Bias, -LargestBias, LargestBias);
            if (problem is not null)
                return problem;
        }

        return null;
    }

    private static string? PromptProblem(GenerationRequest request, DataPlaneOptions options)
    {
        var prompts = (request.Messages is null ? 0 : 1) + (request.Prompt is null ? 0 : 1) + (request.PromptTokens is null ? 0 : 1);
        if (prompts != 1)
            return $"{prompts} of messages, prompt and prompt tokens are set, but exactly one must be";
        if (request is { TemplateArguments: not null, Messages: null })
            return "template arguments are set without messages";
        if (request.PromptTokens is { } tokens)
            return TokensProblem("prompt", tokens.AsSpan(), HelloFrame.MaximumPositions);
        return request.Messages is { } messages ? MessagesProblem(messages.OrEmpty().AsSpan(), options) : null;
    }

    private static string? MessagesProblem(ReadOnlySpan<ChatMessage> messages, DataPlaneOptions options)
    {
        if (RangeProblem("message count", messages.Length, 1, options.MaximumMessages) is { } count)
            return count;
        foreach (var message in messages)
        {
            var problem = TextProblem("message's role", message.Role, MaximumNameBytes)
                ?? (message.Role.Length == 0 ? "message's role is empty" : null)
                ?? (message.Content is null ? "message's content is not set" : null);
            if (problem is not null)
                return problem;
        }

        return null;
    }

    private static string? StopProblem(GenerationRequest request, DataPlaneOptions options)
    {
        var stops = request.Stop.OrEmpty();
        if (RangeProblem("stop count", stops.Length, 0, GenerationRequest.MaximumStops) is { } count)
            return count;
        foreach (var stop in stops)
        {
            if (string.IsNullOrEmpty(stop))
                return "a stop text is empty";
            if (TextProblem("stop text", stop, options.MaximumStopBytes) is { } problem)
                return problem;
        }

        return null;
    }
}
