using System.Collections.Immutable;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>Reads "prompt" in its four forms: a text, several texts, tokens, several arrays of tokens.</summary>
internal static class TextPrompts
{
    private const string Expected = "a string, an array of strings, an array of tokens, or an array of arrays of tokens";

    public static ImmutableArray<TextPrompt> Read(RequestValue prompt, GatewayOptions options)
    {
        var prompts = ReadForm(prompt, options);
        var bytes = prompts.Sum(one => one.Bytes);
        return bytes <= options.MaximumPromptBytes ? prompts : throw new ApiException(ApiError.TooLarge(prompt.Path,
            $"The prompt is too long: {bytes} bytes, but this server takes at most {options.MaximumPromptBytes} bytes."));
    }

    private static ImmutableArray<TextPrompt> ReadForm(RequestValue prompt, GatewayOptions options)
    {
        if (prompt.IsText)
            return [new(prompt.Text(), null)];

        var items = prompt.Items(1, options.MaximumPromptBytes, Expected);
        if (items[0].IsNumber)
            return [ReadTokens(items)];
        if (items.Length > options.MaximumChoices)
            throw prompt.Invalid("array_above_max_length",
                $"Invalid 'prompt': array too long. Expected at most {options.MaximumChoices} prompts, but got {items.Length}.");
        return items[0].IsArray
            ? [.. items.Select(item => ReadTokens(item.Items(1, options.MaximumPromptBytes, "an array of tokens")))]
            : [.. items.Select(item => new TextPrompt(item.Text(items[0].IsText ? "a string" : Expected), null))];
    }

    private static TextPrompt ReadTokens(RequestValue[] items) => new(null, [.. items.Select(item => (int)item.Integer(0, int.MaxValue))]);
}
