using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Silo.Generation;

/// <summary>Turns a request into prompt tokens, or finds what is wrong with it, before any work is done.</summary>
internal sealed class PromptPreparer(ITokenizer tokenizer, int contextLength, int maximumBatchRows, int stopTextCharacters)
{
    public PreparedPrompt Prepare(GenerationRequest request)
    {
        if (FindFault(request) is { } fault)
            return PreparedPrompt.Refused(GenerationErrorCode.InvalidRequest, fault);
        int[] tokens;
        try
        {
            tokens = Tokenize(request);
        }
        catch (Exception exception) when (exception is ChatTemplateException or ArgumentException)
        {
            return PreparedPrompt.Refused(GenerationErrorCode.InvalidRequest, exception.Message);
        }
        if (tokens.Length == 0)
            return PreparedPrompt.Refused(GenerationErrorCode.InvalidRequest, "The prompt is empty; give at least one token.");
        if (FindOverflow(tokens.Length, request.MaximumTokens) is { } overflow)
            return PreparedPrompt.Refused(GenerationErrorCode.ContextOverflow, overflow);
        var chunkRows = request.PrefillChunkRows > 0 ? Math.Min(request.PrefillChunkRows, maximumBatchRows) : maximumBatchRows;
        return new PreparedPrompt(tokens, request.MaximumTokens ?? contextLength - tokens.Length, chunkRows, EchoOf(request, tokens), null);
    }

    private int[] Tokenize(GenerationRequest request)
    {
        if (request.PromptTokens is { } tokens)
            return [.. tokens];
        return request.Messages is { } messages
            ? tokenizer.TokenizeChat(messages, request.TemplateArguments)
            : tokenizer.Tokenize(request.Prompt!, addSpecial: true, parseSpecial: true);
    }

    private string? FindOverflow(int promptTokens, int? maximumTokens)
    {
        if (maximumTokens is { } wanted && (long)promptTokens + wanted > contextLength)
        {
            return $"The prompt has {promptTokens} tokens and {wanted} more are wanted, {(long)promptTokens + wanted} together; " +
                $"the context holds {contextLength}.";
        }
        return promptTokens >= contextLength
            ? $"The prompt has {promptTokens} tokens; the context holds {contextLength}, of which the completion needs at least one."
            : null;
    }

    private string? FindFault(GenerationRequest request)
    {
        var given = (request.Messages is null ? 0 : 1) + (request.Prompt is null ? 0 : 1) + (request.PromptTokens is null ? 0 : 1);
        if (given != 1)
            return $"Exactly one of messages, prompt and prompt tokens must be given; {given} are.";
        if (request.Messages is { IsEmpty: true })
            return "The messages are empty; give at least one.";
        if (request.Prompt is "" || request.PromptTokens is { IsEmpty: true })
            return "The prompt is empty; give at least one token.";
        if (request.MaximumTokens is < 1)
            return $"The number of tokens to generate is {request.MaximumTokens}; it must be at least 1.";
        foreach (var token in request.PromptTokens ?? [])
        {
            if (!IsToken(token))
                return $"Prompt token {token} is not in the vocabulary of 0 to {tokenizer.VocabularySize - 1}.";
        }
        return FindStopFault(request) ?? FindSamplingFault(request.Sampling);
    }

    private string? FindStopFault(GenerationRequest request)
    {
        if (request.Stop.Length > GenerationRequest.MaximumStops)
            return $"{request.Stop.Length} stop texts are given; at most {GenerationRequest.MaximumStops} may be.";
        foreach (var stop in request.Stop)
        {
            if (stop.Length == 0 || stop.Length > stopTextCharacters)
                return $"A stop text has {stop.Length} characters; it must have 1 to {stopTextCharacters}.";
        }
        return null;
    }

    private string? FindSamplingFault(SamplingParameters sampling)
    {
        try
        {
            SamplingLimits.Require(sampling, tokenizer.VocabularySize);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }

    private bool IsToken(int token) => token >= 0 && token < tokenizer.VocabularySize;

    private string EchoOf(GenerationRequest request, int[] tokens)
    {
        if (!request.Echo)
            return "";
        if (request.Prompt is { } prompt)
            return prompt;
        var detokenizer = new StreamingDetokenizer();
        return string.Concat(tokens.Select(token => detokenizer.Append(tokenizer.PieceOf(token).Span).ToString()))
            + detokenizer.Flush().ToString();
    }
}

/// <summary>A prompt ready to be queued; <paramref name="Error"/> is set when the request was refused, and then nothing else is.</summary>
internal sealed record PreparedPrompt(int[] Tokens, int MaximumTokens, int ChunkRows, string Echo, GenerationError? Error)
{
    public static PreparedPrompt None { get; } = new([], 0, 0, "", null);

    /// <summary>KV cells that the sequence may come to need: its last token never becomes a row.</summary>
    public int MaximumCells => Tokens.Length + MaximumTokens - 1;

    public static PreparedPrompt Refused(GenerationErrorCode code, string message) =>
        None with { Error = new GenerationError(code, message) };
}
