using System.Collections.Immutable;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>A valid request of /v1/completions.</summary>
/// <param name="MaximumTokens">Null for as many as the context holds.</param>
/// <param name="LogProbabilities">Alternatives per token; null when no log probabilities are wanted.</param>
internal sealed record TextCompletionRequest(
    SharedFields Shared, ImmutableArray<TextPrompt> Prompts, int? MaximumTokens, int? LogProbabilities, bool Echo)
{
    private const int MaximumLogProbabilities = 5;

    /// <summary>OpenAI's default for /v1/completions, which clients count on.</summary>
    private const int DefaultMaximumTokens = 16;

    public static TextCompletionRequest Parse(RequestFields fields, GatewayOptions options, ulong seed)
    {
        var shared = SharedFields.Read(fields, options, seed);
        UnsupportedFeatures.RefuseForText(fields);
        RefuseBestOf(fields, shared.ChoiceCount);
        var request = new TextCompletionRequest(
            shared, TextPrompts.Read(fields.Required("prompt"), options),
            fields["max_tokens"] is { } maximum ? maximum.Bound(options.MaximumCompletionTokens) : DefaultMaximumTokens,
            (int?)fields["logprobs"]?.Integer(0, MaximumLogProbabilities), fields["echo"]?.Flag() ?? false);
        fields.RefuseRest();
        RefuseCombinations(request, options);
        return request;
    }

    public GenerationRequest ToGeneration(TextPrompt prompt) => new()
    {
        Prompt = prompt.Text,
        PromptTokens = prompt.Tokens,
        Sampling = Shared.Sampling with
        {
            LogProbabilities = LogProbabilities is not null,
            TopLogProbabilities = LogProbabilities ?? 0,
        },
        MaximumTokens = MaximumTokens,
        Stop = Shared.Stop,
        Echo = Echo,
    };

    private static void RefuseBestOf(RequestFields fields, int choiceCount)
    {
        if (fields["best_of"] is { } value && value.Integer(1, int.MaxValue) != choiceCount)
            throw value.Invalid("unsupported_value",
                "Unsupported value: 'best_of' differs from 'n', but this server returns every completion it makes.");
    }

    private static void RefuseCombinations(TextCompletionRequest request, GatewayOptions options)
    {
        if (request.Echo && request.LogProbabilities is not null)
            throw new ApiException(ApiError.Unsupported("echo",
                "Unsupported parameter: 'echo' together with 'logprobs'. This server has no log probabilities of a prompt's tokens."));

        var choices = (long)request.Shared.ChoiceCount * request.Prompts.Length;
        if (choices > options.MaximumChoices)
            throw new ApiException(ApiError.InvalidRequest("prompt", "array_above_max_length",
                $"Invalid 'prompt': {request.Prompts.Length} prompts times n = {request.Shared.ChoiceCount} make {choices} completions, "
                + $"but a request may have at most {options.MaximumChoices}."));
    }
}
