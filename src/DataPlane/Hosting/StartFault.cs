using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace OrleansInference.DataPlane.Hosting;

/// <summary>
/// Why a process does not start, as one line for whoever started it. What .NET says of a wrong setting names classes and types; this names
/// the setting, and what would be right.
/// </summary>
public static partial class StartFault
{
    /// <param name="process">Such as "silo".</param>
    public static string Describe(string process, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var problems = exception is AggregateException many ? many.Flatten().InnerExceptions : [exception];
        var problem = string.Join(" ", problems.SelectMany(Words).Distinct());
        return $"The {process} cannot start: {problem.ReplaceLineEndings(" ")}";
    }

    private static IEnumerable<string> Words(Exception exception) => exception is OptionsValidationException options
        ? options.Failures.Select(failure => OfValue(failure, options.OptionsType)) : [OfType(exception.Message)];

    /// <summary>A value beyond the bounds that an options class's attributes set. Messages of our own name the setting already.</summary>
    private static string OfValue(string failure, Type options)
    {
        if (Annotation().Match(failure) is not { Success: true } match)
            return failure;
        var (member, problem) = (match.Groups["member"].Value, match.Groups["problem"].Value);
        var section = KnownSettings.SectionOf(options);
        return problem.Replace($"The field {member} ", $"{section}:{member} ", StringComparison.Ordinal)
            .Replace($"The {member} field is required.", $"{section}:{member} is missing.", StringComparison.Ordinal);
    }

    private static string OfType(string message)
    {
        if (Conversion().Match(message) is not { Success: true } match)
            return message;
        var (value, key, type) = (match.Groups["value"].Value, match.Groups["key"].Value, Find(match.Groups["type"].Value));
        return type is null ? message : $"{key} is '{value}', but must be {Expected(type)}.";
    }

    private static Type? Find(string name) =>
        AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is not null);

    private static string Expected(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a time, such as 00:00:01.5"
        : type == typeof(double) ? "a number, such as 1.5"
        : "a whole number that is not too large";

    [GeneratedRegex("^DataAnnotation validation failed for '[^']*' members: '(?<member>[^']*)' with the error: '(?<problem>.*)'\\.$", RegexOptions.Singleline)]
    private static partial Regex Annotation();

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>[^']*)' to type '(?<type>[^']*)'\\.", RegexOptions.Singleline)]
    private static partial Regex Conversion();
}
