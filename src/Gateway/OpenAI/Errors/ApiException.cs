namespace OrleansInference.Gateway.OpenAI.Errors;

/// <summary>Ends a request with an error for the client.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
