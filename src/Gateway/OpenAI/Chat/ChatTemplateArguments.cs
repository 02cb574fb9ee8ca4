using System.Text;
using System.Text.Json;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>
/// Reads "chat_template_kwargs", which other servers of open models have, too: what the model's chat template is told besides the messages, such
/// as <c>{"enable_thinking": false}</c>.
/// </summary>
internal static class ChatTemplateArguments
{
    /// <summary>What a template is told always.</summary>
    private static readonly string[] s_taken = ["messages", "add_generation_prompt", "bos_token", "eos_token"];

    /// <returns>The text of a JSON object; null where nothing is said.</returns>
    public static string? Read(RequestValue? arguments, GatewayOptions options)
    {
        if (arguments is not { } value)
            return null;
        foreach (var (name, argument) in value.Fields().Values())
        {
            if (s_taken.Contains(name))
                throw argument.Invalid("invalid_value",
                    $"Invalid '{argument.Path}': the server itself sets '{name}' of the chat template; leave it out.");
            Require(argument);
        }

        if (value.IsNothing)
            return null;
        var text = value.Json.GetRawText();
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= options.MaximumPromptBytes ? text : throw new ApiException(ApiError.TooLarge(value.Path,
            $"The template's arguments are too long: {bytes} bytes, but this server takes at most {options.MaximumPromptBytes} bytes."));
    }

    /// <summary>That every text is whole and every number one.</summary>
    private static void Require(RequestValue value)
    {
        switch (value.Json.ValueKind)
        {
            case JsonValueKind.String:
                value.Text();
                break;
            case JsonValueKind.Number:
                value.Number(double.MinValue, double.MaxValue);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.Items(0, int.MaxValue))
                    Require(item);
                break;
            case JsonValueKind.Object:
                foreach (var (_, field) in value.Fields().Values())
                    Require(field);
                break;
        }
    }
}
