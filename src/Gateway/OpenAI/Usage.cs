using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Gateway.OpenAI;

/// <summary>What a request cost, in tokens.</summary>
/// <param name="CachedTokens">Tokens of the prompts that were not computed, because an earlier sequence began alike.</param>
/// <param name="DraftedTokens">Tokens that were guessed ahead, right or wrong.</param>
/// <param name="AcceptedTokens">Those of them that were right.</param>
internal sealed record Usage(
    int PromptTokens, int CompletionTokens, [property: JsonIgnore] int CachedTokens, [property: JsonIgnore] int DraftedTokens,
    [property: JsonIgnore] int AcceptedTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;

    public PromptTokensDetails PromptTokensDetails => new(CachedTokens);

    public CompletionTokensDetails CompletionTokensDetails => new(AcceptedTokens, DraftedTokens - AcceptedTokens);
}

/// <summary>What is worth knowing of the prompt's tokens.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>What is worth knowing of the completion's tokens: guesses that were right, and are among them, and that were wrong.</summary>
internal sealed record CompletionTokensDetails(int AcceptedPredictionTokens, int RejectedPredictionTokens);

/// <summary>
/// The usage field of a stream's chunks, which has three forms: absent when the client did not ask for usage, null in every chunk but
/// the last when it did, and the figures in the last one.
/// </summary>
[JsonConverter(typeof(UsageFieldConverter))]
internal sealed record UsageField(Usage? Usage)
{
    public static UsageField Null { get; } = new((Usage?)null);
}

internal sealed class UsageFieldConverter : JsonConverter<UsageField>
{
    public override UsageField Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Usage is only written.");

    public override void Write(Utf8JsonWriter writer, UsageField value, JsonSerializerOptions options)
    {
        if (value.Usage is not { } usage)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        writer.WriteNumber("prompt_tokens"u8, usage.PromptTokens);
        writer.WriteNumber("completion_tokens"u8, usage.CompletionTokens);
        writer.WriteNumber("total_tokens"u8, usage.TotalTokens);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, usage.CachedTokens);
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("accepted_prediction_tokens"u8, usage.CompletionTokensDetails.AcceptedPredictionTokens);
        writer.WriteNumber("rejected_prediction_tokens"u8, usage.CompletionTokensDetails.RejectedPredictionTokens);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
