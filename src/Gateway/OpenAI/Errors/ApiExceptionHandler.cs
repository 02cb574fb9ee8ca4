using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;
using OrleansInference.Gateway.Clusters;

namespace OrleansInference.Gateway.OpenAI.Errors;

/// <summary>The one place where exceptions become answers.</summary>
internal sealed partial class ApiExceptionHandler(IOptions<GatewayOptions> options, ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        await ErrorResult.WriteAsync(httpContext, ErrorOf(exception, httpContext.Request));
        return true;
    }

    private ApiError ErrorOf(Exception exception, HttpRequest request)
    {
        switch (exception)
        {
            case ApiException known:
                return known.Error;
            case BadHttpRequestException bad:
                return ErrorOf(bad);
            case ClusterUnavailableException:
                return ApiError.Unavailable("cluster_unavailable", exception.Message, options.Value.RetryAfterMilliseconds);
            default:
                OnUnexpected(exception, request.Method, request.Path.Value);
                return ApiError.Internal("Something unexpected went wrong in the gateway; its log has the details.");
        }
    }

    private ApiError ErrorOf(BadHttpRequestException exception) => exception.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => ApiError.TooLarge(null,
            $"The request body is too large: this server takes at most {options.Value.MaximumBodyBytes} bytes."),
        var status => new(status, "invalid_request_error", "invalid_request", null, exception.Message),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void OnUnexpected(Exception exception, string method, string? path);
}
