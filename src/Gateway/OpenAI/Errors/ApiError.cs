namespace OrleansInference.Gateway.OpenAI.Errors;

/// <summary>An error as a client sees it, in OpenAI's terms.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">OpenAI's error type, such as invalid_request_error.</param>
/// <param name="Param">The field that is wrong, as a path such as messages[0].content.</param>
internal sealed record ApiError(int Status, string Type, string? Code, string? Param, string Message)
{
    /// <summary>When trying again may help; null when it will not.</summary>
    public int? RetryAfterMilliseconds { get; init; }

    /// <summary>0 to 1 while a model loads.</summary>
    public double? LoadProgress { get; init; }

    public static ApiError InvalidRequest(string? param, string code, string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", code, param, message);

    public static ApiError Unsupported(string param, string message) => InvalidRequest(param, "unsupported_parameter", message);

    public static ApiError TooLarge(string? param, string message) =>
        new(StatusCodes.Status413PayloadTooLarge, "invalid_request_error", "request_too_large", param, message);

    public static ApiError ModelNotFound(string model) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", "model_not_found", "model",
            $"The model '{model}' does not exist. GET /v1/models lists the models that do.");

    /// <param name="deployed">The models that are deployed.</param>
    public static ApiError ModelNotDeployed(string model, IReadOnlyCollection<string> deployed) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", "model_not_deployed", null,
            $"The model '{model}' is not deployed. "
            + (deployed.Count == 0 ? "No model is." : $"Deployed: {string.Join(", ", deployed)}."));

    public static ApiError Forbidden(string message) =>
        new(StatusCodes.Status403Forbidden, "permission_error", "loopback_only", null, message);

    public static ApiError QueueFull(string message, int retryAfterMilliseconds) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", "rate_limit_exceeded", null, message)
        { RetryAfterMilliseconds = retryAfterMilliseconds };

    public static ApiError Unavailable(string code, string message, int retryAfterMilliseconds, double? loadProgress = null) =>
        new(StatusCodes.Status503ServiceUnavailable, "service_unavailable_error", code, null, message)
        { RetryAfterMilliseconds = retryAfterMilliseconds, LoadProgress = loadProgress };

    public static ApiError TimedOut(string message) => new(StatusCodes.Status504GatewayTimeout, "server_error", "timeout", null, message);

    public static ApiError Internal(string message) =>
        new(StatusCodes.Status500InternalServerError, "server_error", "internal_error", null, message);
}
