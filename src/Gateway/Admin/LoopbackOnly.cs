using Microsoft.Net.Http.Headers;
using OrleansInference.Clustering;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Admin;

/// <summary>
/// Lets only operators on the gateway's own machine through. A gateway knows no keys, so what changes the cluster must not be reached
/// from elsewhere, also not through a proxy on this machine, or by a web page that an operator looks at.
/// </summary>
internal static class LoopbackOnly
{
    /// <exception cref="ApiException">The request comes from elsewhere; the message says how that shows.</exception>
    public static ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        var problem = OperatorAccess.FindProblem(context.HttpContext)
            ?? (request.Headers.ContainsKey(HeaderNames.Origin) ? "has the header Origin, as requests from web pages do" : null);
        if (problem is not null)
        {
            throw new ApiException(ApiError.Forbidden(
                $"{request.Method} {request.Path} is taken only from the gateway's own machine, directly, at its loopback address; "
                + $"this one {problem}."));
        }
        return next(context);
    }
}
