using System.Collections.Immutable;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Requests;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>Reads the messages of a chat.</summary>
internal static class ChatMessages
{
    private const int MaximumParts = 1_024;

    /// <param name="bytes">UTF-8 bytes of all contents.</param>
    public static ImmutableArray<ChatMessage> Read(RequestValue messages, GatewayOptions options, out long bytes)
    {
        ImmutableArray<ChatMessage> read = [.. messages.Items(1, options.MaximumMessages, "an array of messages").Select(ReadMessage)];
        bytes = read.Sum(message => (long)Encoding.UTF8.GetByteCount(message.Content));
        return bytes <= options.MaximumPromptBytes ? read : throw new ApiException(ApiError.TooLarge(messages.Path,
            $"The messages are too long: {bytes} bytes, but this server takes at most {options.MaximumPromptBytes} bytes."));
    }

    private static ChatMessage ReadMessage(RequestValue message)
    {
        var fields = message.Fields("a message object");
        var role = ReadRole(fields.Required("role"));
        RefuseUnsupported(fields);
        // Clients send back the assistant messages they were given, with these in them.
        fields.Ignore("name", "refusal", "annotations", "reasoning_content");
        var content = ReadContent(fields.Required("content"));
        fields.RefuseRest();
        return new(role, content);
    }

    private static string ReadRole(RequestValue role) => role.Text() switch
    {
        "system" or "developer" => "system",
        "user" => "user",
        "assistant" => "assistant",
        "tool" or "function" => throw role.Invalid("unsupported_value",
            $"Unsupported value: '{role.Path}' is '{role.Text()}', but this server does not call tools, so there is no tool to answer."),
        var other => throw role.Invalid("invalid_value",
            $"Invalid value for '{role.Path}': '{RequestFields.Shorten(other)}'. "
            + "Supported values are: 'system', 'developer', 'user' and 'assistant'."),
    };

    private static void RefuseUnsupported(RequestFields fields)
    {
        foreach (var name in (ReadOnlySpan<string>)["tool_calls", "function_call", "tool_call_id"])
            fields.Refuse(name, "This server does not call tools.");
        fields.Refuse("audio", "This server does not hear or speak.");
    }

    private static string ReadContent(RequestValue content)
    {
        const string Expected = "a string or an array of text parts";
        if (!content.IsArray)
            return content.Text(Expected);

        // Joined by line ends, as llama.cpp's server and vLLM do.
        return string.Join('\n', content.Items(1, MaximumParts, Expected).Select(ReadPart));
    }

    private static string ReadPart(RequestValue part)
    {
        var fields = part.Fields("a content part object");
        var type = fields.Required("type");
        if (type.Text() != "text")
            throw type.Invalid("unsupported_value",
                $"Unsupported value: '{type.Path}' is '{RequestFields.Shorten(type.Text())}', but this server only reads 'text' parts.");

        var text = fields.Required("text").Text();
        fields.RefuseRest();
        return text;
    }
}
