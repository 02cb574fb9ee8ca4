using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.OpenAI.Requests;
using OrleansInference.Gateway.OpenAI.Streaming;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>POST /v1/completions.</summary>
internal static class TextEndpoint
{
    public static async Task<IResult> CompleteAsync(
        HttpContext context, CompletionStarter starter, IOptions<GatewayOptions> options, TimeProvider time, Random chance)
    {
        var seed = (ulong)chance.NextInt64();
        var request = await RequestBody.ReadAsync(context, fields => TextCompletionRequest.Parse(fields, options.Value, seed));
        var shared = request.Shared;
        // As OpenAI orders them: all choices of the first prompt, then those of the second.
        var orders = request.Prompts.SelectMany((prompt, index) =>
            new CompletionOrder(shared.Model, index, "prompt", prompt.Bytes, request.ToGeneration(prompt)).Times(shared.ChoiceCount));
        var run = await starter.StartAsync(orders, context);

        var format = new TextFormat(
            CompletionHeading.Of("cmpl", shared.Model, time), run.Count, request.LogProbabilities is not null, shared.IncludeUsage);
        return shared.Stream
            ? new StreamedCompletions<TextCompletion>(run, format, shared.IncludeUsage)
            : format.Complete(await new CollectedCompletions(run).CollectAsync(), run.Usage);
    }
}
