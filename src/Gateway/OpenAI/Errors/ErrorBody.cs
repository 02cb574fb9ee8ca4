using System.Text.Json.Serialization;

namespace OrleansInference.Gateway.OpenAI.Errors;

/// <summary>An error on the wire: {"error":{"message","type","param","code"}}, with load_progress as an extension.</summary>
internal sealed record ErrorBody(ErrorDetail Error)
{
    public static ErrorBody Of(ApiError error) =>
        new(new ErrorDetail(error.Message, error.Type, error.Param, error.Code, error.LoadProgress));
}

internal sealed record ErrorDetail(
    string Message, string Type, string? Param, string? Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LoadProgress);
