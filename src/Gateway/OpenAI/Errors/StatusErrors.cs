namespace OrleansInference.Gateway.OpenAI.Errors;

/// <summary>The errors of requests that reached no endpoint.</summary>
internal static class StatusErrors
{
    public static ApiError Of(HttpContext context)
    {
        var (request, status) = (context.Request, context.Response.StatusCode);
        return status switch
        {
            StatusCodes.Status404NotFound => new(status, "invalid_request_error", "unknown_url", null,
                $"Unknown request URL: {request.Method} {request.Path}. "
                + "This server has /v1/chat/completions, /v1/completions and /v1/models."),
            StatusCodes.Status405MethodNotAllowed => new(status, "invalid_request_error", "method_not_allowed", null,
                $"{request.Method} is not allowed for {request.Path}; allowed: {context.Response.Headers.Allow}."),
            _ => new(status, "invalid_request_error", null, null, $"The request was refused with status {status}."),
        };
    }
}
