using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Streaming;

/// <summary>Writes completions as they come, as server-sent events.</summary>
internal sealed class StreamedCompletions<TChunk>(CompletionRun run, ICompletionFormat<TChunk> format, bool includeUsage) : IResult
{
    private readonly bool[] _hasBegun = new bool[run.Count];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var clientGone = httpContext.RequestAborted;
        SseWriter.Begin(httpContext.Response);
        var body = new BreakableBody(httpContext);
        using var events = new SseWriter(body);
        try
        {
            await run.ReadAllAsync((index, part, cancellation) => WriteAsync(events, index, part, cancellation));
            if (includeUsage)
                await events.WriteAsync(format.UsageChunk(run.Usage), format.ChunkJson, clientGone);
            await events.WriteDoneAsync(clientGone);
        }
        catch (ApiException exception)
        {
            // The status is sent; the error becomes an event. Clients that pass over such events, as OpenAI's .NET SDK does, must not take
            // what they have for the whole answer.
            await events.WriteAsync(ErrorBody.Of(exception.Error), WireJson.Readable.ErrorBody, clientGone);
            body.BreakOff();
        }
    }

    private async ValueTask WriteAsync(SseWriter events, int index, CompletionPart part, CancellationToken cancellation)
    {
        foreach (var chunk in format.ChunksOf(index, part, !_hasBegun[index]))
            await events.WriteAsync(chunk, format.ChunkJson, cancellation);
        _hasBegun[index] = true;
    }
}
