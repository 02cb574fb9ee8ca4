using System.Text.Json.Serialization.Metadata;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>Completions as /v1/completions writes them.</summary>
internal sealed class TextFormat(CompletionHeading heading, int choiceCount, bool logProbabilities, bool includeUsage)
    : ICompletionFormat<TextCompletion>
{
    private readonly TextLogProbabilityWriter[] _logProbabilities =
        [.. Enumerable.Range(0, choiceCount).Select(_ => new TextLogProbabilityWriter())];

    public JsonTypeInfo<TextCompletion> ChunkJson => WireJson.Readable.TextCompletion;

    public IEnumerable<TextCompletion> ChunksOf(int index, CompletionPart part, bool isFirst)
    {
        if (part.Text.Length > 0 || part.Tokens.Length > 0)
            yield return ChunkOf(new(part.Text, index, logProbabilities ? _logProbabilities[index].Next(part.Tokens) : null, null));
        if (part.Finish is { } finish)
            yield return ChunkOf(new("", index, null, FinishReasons.NameOf(finish.Reason)));
    }

    public TextCompletion UsageChunk(Usage usage) => AnswerOf([], new(usage));

    public IResult Complete(IReadOnlyList<FinishedCompletion> completions, Usage usage) =>
        TypedResults.Json(AnswerOf([.. completions.Select(ChoiceOf)], new(usage)), WireJson.Readable.TextCompletion);

    private TextChoice ChoiceOf(FinishedCompletion completion, int index) => new(
        completion.Text, index, logProbabilities ? _logProbabilities[index].Next(completion.Tokens) : null,
        FinishReasons.NameOf(completion.Reason));

    private TextCompletion ChunkOf(TextChoice choice) => AnswerOf([choice], includeUsage ? UsageField.Null : null);

    private TextCompletion AnswerOf(IReadOnlyList<TextChoice> choices, UsageField? usage) => new(
        heading.Id, TextCompletion.ObjectName, heading.Created, heading.Model, heading.SystemFingerprint, choices, usage);
}
