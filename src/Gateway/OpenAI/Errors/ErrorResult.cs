using System.Globalization;

namespace OrleansInference.Gateway.OpenAI.Errors;

internal static class ErrorResult
{
    /// <summary>Retry-After in milliseconds. The OpenAI SDKs read it first; it is finer.</summary>
    public const string RetryAfterMillisecondsHeader = "retry-after-ms";

    /// <summary>Answers a request with an error: status, body, and Retry-After where trying again may help.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        if (error.RetryAfterMilliseconds is { } milliseconds)
        {
            var seconds = Math.Max(1, (milliseconds + 999L) / 1000);
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers[RetryAfterMillisecondsHeader] = milliseconds.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Json(ErrorBody.Of(error), WireJson.Readable.ErrorBody, statusCode: error.Status).ExecuteAsync(context);
    }
}
