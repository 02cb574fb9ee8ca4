using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansInference.Gateway.OpenAI.Streaming;

/// <summary>
/// Writes server-sent events, each flushed at once. Waiting for the client is waiting here, so that what arrives meanwhile runs together
/// in larger events. May be used from several completions at the same time.
/// </summary>
internal sealed class SseWriter(BreakableBody body) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _event = new();
    private readonly SemaphoreSlim _turn = new(1);

    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache, no-store";
        // Proxies such as nginx hold events back otherwise.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    public async ValueTask WriteAsync<T>(T value, JsonTypeInfo<T> json, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            _event.ResetWrittenCount();
            _event.Write("data: "u8);
            using (var writer = new Utf8JsonWriter(_event, new() { Encoder = json.Options.Encoder, SkipValidation = true }))
                JsonSerializer.Serialize(writer, value, json);
            _event.Write("\n\n"u8);
            await body.WriteAsync(_event.WrittenSpan, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The event that ends a stream as OpenAI's clients expect it.</summary>
    public async ValueTask WriteDoneAsync(CancellationToken cancellation)
    {
        await body.WriteAsync("data: [DONE]\n\n"u8, cancellation);
        await body.EndAsync(cancellation);
    }

    public void Dispose() => _turn.Dispose();
}
