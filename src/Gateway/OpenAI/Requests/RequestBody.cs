using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>
/// Reads a request's body as one JSON object. Its size is bounded by the server's own limit, and its time by the request's deadline:
/// whoever sends it slowly holds one of the gateway's places meanwhile.
/// </summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    public static async Task<T> ReadAsync<T>(HttpContext context, Func<RequestFields, T> parse)
    {
        RequireJson(context.Request);
        using var document = await ParseAsync(context.Request, context.Features.GetRequiredFeature<Deadline>());
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw InvalidJson("The request body must be a JSON object.");

        return parse(new(document.RootElement, ""));
    }

    private static void RequireJson(HttpRequest request)
    {
        var isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase)
            && (type.Charset.Length == 0 || IsUtf8(HeaderUtilities.RemoveQuotes(type.Charset).Value!));
        if (!isJson)
            throw Unsupported("The request body must be JSON in UTF-8; send 'Content-Type: application/json'.");
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw Unsupported("The request body must not be compressed, but came with "
                + $"'Content-Encoding: {RequestFields.Shorten(encoding)}'; leave that out.");
    }

    // Without the hyphen it is no registered name, but what several clients send.
    private static bool IsUtf8(string charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase);

    private static async Task<JsonDocument> ParseAsync(HttpRequest request, Deadline deadline)
    {
        try
        {
            return await JsonDocument.ParseAsync(request.Body, Options, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.Error is { } error)
        {
            throw new ApiException(error);
        }
        catch (JsonException exception) when (exception.LineNumber is { } line)
        {
            throw InvalidJson($"The request body is not valid JSON: error at line {line + 1}, byte {exception.BytePositionInLine + 1} "
                + $"of the line. {ReasonOf(exception)}");
        }
        catch (JsonException exception)
        {
            throw InvalidJson($"The request body is not valid JSON: an object holds the same field twice. {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            throw InvalidJson("The request body is not valid JSON: a field name is not valid Unicode.");
        }
    }

    /// <summary>Without the position, which the parser counts from 0.</summary>
    private static string ReasonOf(JsonException exception) => exception.Message.Split(" LineNumber: ")[0];

    private static ApiException InvalidJson(string message) => new(ApiError.InvalidRequest(null, "invalid_json", message));

    private static ApiException Unsupported(string message) => new(new(
        StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "unsupported_media_type", null, message));
}
