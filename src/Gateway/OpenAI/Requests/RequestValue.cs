using System.Globalization;
using System.Text.Json;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.OpenAI.Requests;

/// <summary>A JSON value of a request and where it stands. A reading that does not fit is a 400 that names the field.</summary>
internal readonly record struct RequestValue(JsonElement Json, string Parent, int Index = -1)
{
    /// <summary>Made when it is needed: an array of tokens has very many items and hardly ever a wrong one.</summary>
    public string Path => Index < 0 ? Parent : $"{Parent}[{Index}]";

    public bool IsText => Json.ValueKind == JsonValueKind.String;

    public bool IsArray => Json.ValueKind == JsonValueKind.Array;

    public bool IsNumber => Json.ValueKind == JsonValueKind.Number;

    /// <summary>null, false, or an empty text, array or object: what a client sends to say that it does not want a feature.</summary>
    public bool IsNothing => Json.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => Json.ValueEquals(""),
        JsonValueKind.Array => Json.GetArrayLength() == 0,
        JsonValueKind.Object => Json.GetPropertyCount() == 0,
        _ => false,
    };

    public string Text(string expected = "a string")
    {
        if (!IsText)
            throw WrongType(expected);
        try
        {
            return Json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid("invalid_value",
                $"Invalid '{Path}': the string holds an incomplete character (a lone surrogate, or bytes that are not UTF-8).");
        }
    }

    public bool Flag() => Json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType("a boolean"),
    };

    public long Integer(long minimum, long maximum)
    {
        if (!IsNumber)
            throw WrongType("an integer");
        if (!Json.TryGetInt64(out var value))
            throw BeyondIntegers(minimum, maximum);
        if (value < minimum)
            throw IntegerBelow(minimum, value);
        return value <= maximum ? value : throw IntegerAbove(maximum, value);
    }

    /// <summary>1 to <paramref name="maximum"/>; null for -1, by which clients of local servers say that they want no bound.</summary>
    public int? Bound(int maximum) =>
        IsNumber && Json.TryGetInt64(out var value) && value == -1 ? null : (int)Integer(1, maximum);

    public double Number(double minimum, double maximum)
    {
        if (!IsNumber)
            throw WrongType("a decimal");
        var value = Json.GetDouble();
        if (value < minimum)
            throw OutOfRange("decimal_below_min_value", "decimal below minimum value", ">=", minimum, value);
        return value <= maximum ? value : throw OutOfRange("decimal_above_max_value", "decimal above maximum value", "<=", maximum, value);
    }

    public RequestFields Fields(string expected = "an object") =>
        Json.ValueKind == JsonValueKind.Object ? new(Json, Path) : throw WrongType(expected);

    /// <summary>The items of an array with <paramref name="minimumCount"/> to <paramref name="maximumCount"/> of them.</summary>
    public RequestValue[] Items(int minimumCount, int maximumCount, string expected = "an array")
    {
        if (!IsArray)
            throw WrongType(expected);
        var count = Json.GetArrayLength();
        if (count < minimumCount)
            throw Invalid("array_below_min_length",
                $"Invalid '{Path}': array too short. Expected minimum length {minimumCount}, but got an array with length {count}.");
        if (count > maximumCount)
            throw Invalid("array_above_max_length",
                $"Invalid '{Path}': array too long. Expected maximum length {maximumCount}, but got an array with length {count}.");

        var path = Path;
        return [.. Json.EnumerateArray().Select((item, index) => new RequestValue(item, path, index))];
    }

    public ApiException WrongType(string expected, string? got = null) => Invalid("invalid_type",
        $"Invalid type for '{Path}': expected {expected}, but got {got ?? NameOf(Json.ValueKind)} instead.");

    public ApiException Invalid(string code, string message) => new(ApiError.InvalidRequest(Path, code, message));

    /// <summary>What is wrong with a number that is no integer of 64 bits.</summary>
    private ApiException BeyondIntegers(long minimum, long maximum)
    {
        var text = Json.GetRawText();
        if (text.AsSpan().ContainsAny(".eE"))
            return WrongType("an integer", "a number with a fraction or an exponent");
        return text[0] == '-'
            ? IntegerBelow(minimum, RequestFields.Shorten(text))
            : IntegerAbove(maximum, RequestFields.Shorten(text));
    }

    private ApiException IntegerBelow(long minimum, object value) =>
        OutOfRange("integer_below_min_value", "integer below minimum value", ">=", minimum, value);

    private ApiException IntegerAbove(long maximum, object value) =>
        OutOfRange("integer_above_max_value", "integer above maximum value", "<=", maximum, value);

    private ApiException OutOfRange(string code, string what, string comparison, object bound, object value) => Invalid(code,
        string.Create(CultureInfo.InvariantCulture,
            $"Invalid '{Path}': {what}. Expected a value {comparison} {bound}, but got {value} instead."));

    private static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "null",
    };
}
