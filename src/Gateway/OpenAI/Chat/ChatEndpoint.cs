using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.OpenAI.Requests;
using OrleansInference.Gateway.OpenAI.Streaming;

namespace OrleansInference.Gateway.OpenAI.Chat;

/// <summary>POST /v1/chat/completions.</summary>
internal static class ChatEndpoint
{
    public static async Task<IResult> CompleteAsync(
        HttpContext context, CompletionStarter starter, IOptions<GatewayOptions> options, TimeProvider time, Random chance)
    {
        var seed = (ulong)chance.NextInt64();
        var request = await RequestBody.ReadAsync(context, fields => ChatCompletionRequest.Parse(fields, options.Value, seed));
        var shared = request.Shared;
        var order = new CompletionOrder(shared.Model, 0, "messages", request.PromptBytes, request.ToGeneration());
        var run = await starter.StartAsync(order.Times(shared.ChoiceCount), context);

        var format = new ChatFormat(
            CompletionHeading.Of("chatcmpl", shared.Model, time), request.LogProbabilities, shared.IncludeUsage);
        return shared.Stream
            ? new StreamedCompletions<ChatCompletionChunk>(run, format, shared.IncludeUsage)
            : format.Complete(await new CollectedCompletions(run).CollectAsync(), run.Usage);
    }
}
