using System.Text.Json.Serialization.Metadata;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>Completions as /v1/chat/completions writes them.</summary>
internal sealed class ChatFormat(CompletionHeading heading, bool logProbabilities, bool includeUsage)
    : ICompletionFormat<ChatCompletionChunk>
{
    public JsonTypeInfo<ChatCompletionChunk> ChunkJson => WireJson.Readable.ChatCompletionChunk;

    public IEnumerable<ChatCompletionChunk> ChunksOf(int index, CompletionPart part, bool isFirst)
    {
        if (isFirst)
            yield return ChunkOf(new(index, new() { Role = "assistant", Content = "" }, null, null));
        if (part.Text.Length > 0 || part.Tokens.Length > 0)
            yield return ChunkOf(new(index, new() { Content = part.Text },
                logProbabilities ? ChatLogProbabilities.Of(part.Tokens) : null, null));
        if (part.Finish is { } finish)
            yield return ChunkOf(new(index, new(), null, FinishReasons.NameOf(finish.Reason)));
    }

    public ChatCompletionChunk UsageChunk(Usage usage) => ChunkOf([], new(usage));

    public IResult Complete(IReadOnlyList<FinishedCompletion> completions, Usage usage) => TypedResults.Json(
        new ChatCompletion(
            heading.Id, ChatCompletion.ObjectName, heading.Created, heading.Model, heading.SystemFingerprint,
            [.. completions.Select(ChoiceOf)], usage),
        WireJson.Readable.ChatCompletion);

    private ChatChoice ChoiceOf(FinishedCompletion completion, int index) => new(
        index, new("assistant", completion.Text), logProbabilities ? ChatLogProbabilities.Of(completion.Tokens) : null,
        FinishReasons.NameOf(completion.Reason));

    private ChatCompletionChunk ChunkOf(ChatChunkChoice choice) => ChunkOf([choice], includeUsage ? UsageField.Null : null);

    private ChatCompletionChunk ChunkOf(IReadOnlyList<ChatChunkChoice> choices, UsageField? usage) => new(
        heading.Id, ChatCompletionChunk.ObjectName, heading.Created, heading.Model, heading.SystemFingerprint, choices, usage);
}
