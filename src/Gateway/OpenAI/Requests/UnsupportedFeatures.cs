namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>Features of OpenAI's API that this server does not have: refused by name, and accepted when they ask for nothing.</summary>
internal static class UnsupportedFeatures
{
    public static void RefuseForChat(RequestFields fields)
    {
        RefuseTools(fields);
        foreach (var name in (ReadOnlySpan<string>)["audio", "prediction", "web_search_options", "reasoning_effort", "verbosity"])
            fields.Refuse(name, "This server does not have this feature; leave it out.");
        foreach (var name in (ReadOnlySpan<string>)["suffix", "echo", "best_of", "prompt"])
            fields.Refuse(name, "It belongs to /v1/completions.");
        RefuseResponseFormat(fields);
        RefuseModalities(fields);
    }

    public static void RefuseForText(RequestFields fields)
    {
        fields.Refuse("suffix", "This server does not insert text before a suffix; leave it out.");
        foreach (var name in (ReadOnlySpan<string>)["messages", "tools", "response_format", "top_logprobs", "max_completion_tokens", "chat_template_kwargs"])
            fields.Refuse(name, "It belongs to /v1/chat/completions.");
    }

    private static void RefuseTools(RequestFields fields)
    {
        foreach (var name in (ReadOnlySpan<string>)["tools", "functions"])
            fields.Refuse(name, "This server does not call tools; leave it out, or send [].");
        // How tools would be called says nothing as long as there are none.
        fields.Ignore("parallel_tool_calls");
        foreach (var name in (ReadOnlySpan<string>)["tool_choice", "function_call"])
        {
            if (fields[name] is { IsText: true } value && value.Text() is "none" or "auto")
                continue;
            fields.Refuse(name, "This server does not call tools; leave it out, or send 'none'.");
        }
    }

    private static void RefuseResponseFormat(RequestFields fields)
    {
        if (fields["response_format"] is not { } value)
            return;

        var type = value.Fields().Required("type");
        if (type.Text() != "text")
            throw type.Invalid("unsupported_value",
                $"Unsupported value: '{type.Path}' is '{RequestFields.Shorten(type.Text())}', but this server only answers in 'text'.");
    }

    private static void RefuseModalities(RequestFields fields)
    {
        if (fields["modalities"] is not { } value)
            return;

        foreach (var item in value.Items(0, 8))
        {
            if (item.Text() != "text")
                throw item.Invalid("unsupported_value",
                    $"Unsupported value: '{item.Path}' is '{RequestFields.Shorten(item.Text())}', but this server only produces 'text'.");
        }
    }
}
