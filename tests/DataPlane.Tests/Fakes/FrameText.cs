using System.Collections;
using System.Globalization;
using System.Reflection;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>A frame's every value as text, because records compare memory by where it lies and not by what it holds.</summary>
internal static class FrameText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        float number => BitConverter.SingleToInt32Bits(number).ToString("x8", CultureInfo.InvariantCulture),
        IEnumerable items => $"[{string.Join(',', items.Cast<object?>().Select(Of))}]",
        _ when value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>) =>
            Of(type.GetMethod(nameof(ReadOnlyMemory<byte>.ToArray))!.Invoke(value, null)),
        _ when value.GetType().Namespace!.StartsWith("OrleansInference", StringComparison.Ordinal) && !value.GetType().IsEnum =>
            $"{value.GetType().Name}({string.Join(' ', FieldsOf(value))})",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static IEnumerable<string> FieldsOf(object value) =>
        from property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.Name != nameof(BatchFrame.Owner)
        select $"{property.Name}={Of(property.GetValue(value))}";
}
