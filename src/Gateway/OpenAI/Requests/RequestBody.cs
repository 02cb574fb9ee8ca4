using System.Text.Json;
using Microsoft.Net.Http.Headers;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>Reads a request's body as one JSON object. Its size is bounded by the server's own limit.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    public static async Task<T> ReadAsync<T>(HttpRequest request, Func<RequestFields, T> parse, CancellationToken cancellation)
    {
        RequireJson(request);
        using var document = await ParseAsync(request, cancellation);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new ApiException(ApiError.InvalidRequest(null, "invalid_json", "The request body must be a JSON object."));

        return parse(new(document.RootElement, ""));
    }

    private static void RequireJson(HttpRequest request)
    {
        var isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase)
            && (type.Charset.Length == 0
                || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isJson)
            throw new ApiException(new(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "unsupported_media_type", null,
                "The request body must be JSON in UTF-8; send 'Content-Type: application/json'."));
    }

    private static async Task<JsonDocument> ParseAsync(HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            return await JsonDocument.ParseAsync(request.Body, Options, cancellation);
        }
        catch (JsonException exception) when (exception.LineNumber is { } line)
        {
            throw new ApiException(ApiError.InvalidRequest(null, "invalid_json",
                $"The request body is not valid JSON: error at line {line + 1}, byte {exception.BytePositionInLine + 1} of the line."));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Without a position: a field given twice, or a field name that is not Unicode.
            throw new ApiException(ApiError.InvalidRequest(null, "invalid_json",
                "The request body is not valid JSON: an object holds the same field twice, or a field name that is not valid Unicode."));
        }
    }
}
