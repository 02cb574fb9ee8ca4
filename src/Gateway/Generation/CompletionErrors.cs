using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Generation;

/// <summary>What the cluster's refusals and failures are to a client.</summary>
internal static class CompletionErrors
{
    public static ApiError Of(AdmissionRefusal refusal, string model) => refusal.Reason switch
    {
        RefusalReason.UnknownModel => ApiError.ModelNotFound(model),
        RefusalReason.QueueFull => ApiError.QueueFull(refusal.Message, refusal.RetryAfterMilliseconds),
        _ => ApiError.Unavailable("model_not_ready",
            $"{refusal.Message.TrimEnd('.')} ({refusal.LoadProgress * 100:0} % loaded).",
            refusal.RetryAfterMilliseconds, refusal.LoadProgress),
    };

    public static ApiError Of(GenerationFinish finish, CompletionOrder order, int defaultRetryAfterMilliseconds)
    {
        // A head that cancels what nobody asked it to cancel is going away.
        var error = finish.Error ?? new(GenerationErrorCode.StageLost, "The completion was cancelled by the cluster.");
        var retryAfter = error.RetryAfterMilliseconds > 0 ? error.RetryAfterMilliseconds : defaultRetryAfterMilliseconds;
        return error.Code switch
        {
            GenerationErrorCode.InvalidRequest => ApiError.InvalidRequest(order.RefusedField, "invalid_value", error.Message),
            GenerationErrorCode.ContextOverflow =>
                ApiError.InvalidRequest(order.PromptField, "context_length_exceeded", error.Message),
            GenerationErrorCode.QueueFull => ApiError.QueueFull(error.Message, retryAfter),
            GenerationErrorCode.NotReady => ApiError.Unavailable("model_not_ready", error.Message, retryAfter),
            GenerationErrorCode.StageLost => ApiError.Unavailable("stage_lost", error.Message, retryAfter),
            _ => ApiError.Internal(error.Message),
        };
    }

    /// <summary>Whether another head may do better, as long as the client has seen nothing.</summary>
    public static bool MayRetry(GenerationFinish finish) =>
        finish.Reason == FinishReason.Cancelled || finish.Error?.Code is GenerationErrorCode.NotReady or GenerationErrorCode.StageLost;

    public static bool IsFailure(GenerationFinish finish) => finish.Reason is FinishReason.Cancelled or FinishReason.Error;
}
