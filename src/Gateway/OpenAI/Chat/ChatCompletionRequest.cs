using System.Collections.Immutable;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>A valid request of /v1/chat/completions.</summary>
/// <param name="PromptBytes">UTF-8 bytes of all messages.</param>
/// <param name="TemplateArguments">The text of a JSON object; null for none.</param>
internal sealed record ChatCompletionRequest(
    SharedFields Shared, ImmutableArray<ChatMessage> Messages, long PromptBytes, int? MaximumTokens,
        bool LogProbabilities, int TopLogProbabilities, string? TemplateArguments)
{
    private const int MaximumTopLogProbabilities = 20;

    public static ChatCompletionRequest Parse(RequestFields fields, GatewayOptions options, ulong seed)
    {
        var shared = SharedFields.Read(fields, options, seed);
        UnsupportedFeatures.RefuseForChat(fields);
        var logProbabilities = fields["logprobs"]?.Flag() ?? false;
        var request = new ChatCompletionRequest(
            shared, ChatMessages.Read(fields.Required("messages"), options, out var promptBytes), promptBytes,
            ReadMaximumTokens(fields, options), logProbabilities, ReadTopLogProbabilities(fields, logProbabilities),
            ChatTemplateArguments.Read(fields["chat_template_kwargs"], options));
        fields.RefuseRest();
        return request;
    }

    public GenerationRequest ToGeneration() => new()
    {
        Messages = Messages,
        TemplateArguments = TemplateArguments,
        Sampling = Shared.Sampling with { LogProbabilities = LogProbabilities, TopLogProbabilities = TopLogProbabilities },
        MaximumTokens = MaximumTokens,
        Stop = Shared.Stop,
    };

    private static int? ReadMaximumTokens(RequestFields fields, GatewayOptions options)
    {
        var old = fields["max_tokens"]?.Bound(options.MaximumCompletionTokens);
        var value = fields["max_completion_tokens"]?.Bound(options.MaximumCompletionTokens);
        if (old is not null && value is not null && old != value)
            throw new ApiException(ApiError.InvalidRequest("max_tokens", "invalid_value",
                "Invalid 'max_tokens': it differs from 'max_completion_tokens', which replaces it. Send one of them."));
        return value ?? old;
    }

    private static int ReadTopLogProbabilities(RequestFields fields, bool logProbabilities)
    {
        if (fields["top_logprobs"] is not { } value)
            return 0;
        var count = (int)value.Integer(0, MaximumTopLogProbabilities);
        return count == 0 || logProbabilities
            ? count
            : throw value.Invalid("invalid_value", "Invalid 'top_logprobs': only allowed when 'logprobs' is true.");
    }
}
