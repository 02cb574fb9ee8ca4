using System.Collections.Immutable;
using System.Globalization;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Grains.Clusters;

namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>The fields that chat and text completions have in common.</summary>
internal sealed record SharedFields(
    string Model, int ChoiceCount, bool Stream, bool IncludeUsage, SamplingParameters Sampling, ImmutableArray<string> Stop)
{
    /// <param name="seed">The seed when the client names none.</param>
    public static SharedFields Read(RequestFields fields, GatewayOptions options, ulong seed)
    {
        var model = fields.Required("model");
        if (model.Text() is not { Length: >= 1 and <= ModelDeployment.LongestModel } name)
            throw model.Invalid("invalid_value", $"Invalid 'model': expected a name of 1 to {ModelDeployment.LongestModel} characters.");

        var stream = fields["stream"]?.Flag() ?? false;
        fields.Ignore("user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention");
        // llama.cpp's wish that the KV of a prompt be reused, which changes no answer.
        fields.Ignore("cache_prompt");
        fields.Refuse("store", "Completions are not stored here; leave it out, or send false.");
        return new(
            name, (int)(fields["n"]?.Integer(1, options.MaximumChoices) ?? 1), stream, ReadIncludeUsage(fields, stream),
            ReadSampling(fields, options, seed), ReadStop(fields, options));
    }

    private static bool ReadIncludeUsage(RequestFields fields, bool stream)
    {
        if (fields["stream_options"] is not { } value)
            return false;
        if (!stream)
            throw value.Invalid("invalid_value", "Invalid 'stream_options': only allowed when 'stream' is true.");

        var streamOptions = value.Fields();
        var includeUsage = streamOptions["include_usage"]?.Flag() ?? false;
        // Padding against side channels; there is none to leave out.
        streamOptions.Ignore("include_obfuscation");
        streamOptions.RefuseRest();
        return includeUsage;
    }

    private static SamplingParameters ReadSampling(RequestFields fields, GatewayOptions options, ulong seed) => new()
    {
        Temperature = (float)(fields["temperature"]?.Number(0, 2) ?? 1),
        TopP = (float)(fields["top_p"]?.Number(0, 1) ?? 1),
        // vLLM's -1 keeps all tokens, as 0 does.
        TopK = (int)Math.Max(0, fields["top_k"]?.Integer(-1, int.MaxValue) ?? 0),
        MinP = (float)(fields["min_p"]?.Number(0, 1) ?? 0),
        RepeatPenalty = ReadRepeatPenalty(fields),
        FrequencyPenalty = (float)(fields["frequency_penalty"]?.Number(-2, 2) ?? 0),
        PresencePenalty = (float)(fields["presence_penalty"]?.Number(-2, 2) ?? 0),
        LogitBias = ReadLogitBias(fields, options),
        Seed = fields["seed"] is { } value ? unchecked((ulong)value.Integer(long.MinValue, long.MaxValue)) : seed,
    };

    private static float ReadRepeatPenalty(RequestFields fields)
    {
        // vLLM's, over the whole text; its benches always send it.
        if (fields["repetition_penalty"] is { } other && other.Number(0, double.MaxValue) != 1)
            throw new ApiException(ApiError.Unsupported(other.Path,
                $"Unsupported parameter: '{other.Path}' other than 1. This server has llama.cpp's 'repeat_penalty', over the last tokens."));
        return (float)(fields["repeat_penalty"]?.Number(0.01, 10) ?? 1);
    }

    private static ImmutableArray<LogitBias> ReadLogitBias(RequestFields fields, GatewayOptions options)
    {
        if (fields["logit_bias"] is not { } value)
            return [];

        var biases = value.Fields("an object from token ids to biases").Values().ToArray();
        if (biases.Length > options.MaximumLogitBiases)
            throw value.Invalid("object_above_max_properties",
                $"Invalid 'logit_bias': at most {options.MaximumLogitBiases} tokens, but got {biases.Length}.");

        return [.. biases.Select(entry => int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var token)
            ? new LogitBias(token, (float)entry.Value.Number(-100, 100))
            : throw value.Invalid("invalid_value",
                $"Invalid 'logit_bias': '{RequestFields.Shorten(entry.Name)}' is not a token id; keys are token ids such as \"15339\"."))];
    }

    private static ImmutableArray<string> ReadStop(RequestFields fields, GatewayOptions options)
    {
        if (fields["stop"] is not { } value)
            return [];

        RequestValue[] items = value.IsText ? [value] : value.Items(0, GenerationRequest.MaximumStops, "a string or an array of strings");
        return [.. items.Select(item => ReadStopText(item, options))];
    }

    private static string ReadStopText(RequestValue value, GatewayOptions options)
    {
        var text = value.Text();
        if (text.Length == 0)
            throw value.Invalid("empty_string", $"Invalid '{value.Path}': a stop text must not be empty.");
        if (text.Length > options.MaximumStopCharacters)
            throw value.Invalid("string_above_max_length",
                $"Invalid '{value.Path}': too long. Expected at most {options.MaximumStopCharacters} characters, got {text.Length}.");
        return text;
    }
}
