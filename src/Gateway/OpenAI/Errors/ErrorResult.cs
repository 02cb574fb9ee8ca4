using System.Globalization;

namespace OrleansInference.Gateway.OpenAI.Errors;

internal static class ErrorResult
{
    /// <summary>Answers a request with an error: status, body, and Retry-After where trying again may help.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        if (error.RetryAfterMilliseconds is { } milliseconds)
        {
            var seconds = Math.Max(1, (milliseconds + 999L) / 1000);
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            // The OpenAI SDKs read this one first; it is finer.
            context.Response.Headers["retry-after-ms"] = milliseconds.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Json(ErrorBody.Of(error), WireJson.Readable.ErrorBody, statusCode: error.Status).ExecuteAsync(context);
    }
}
