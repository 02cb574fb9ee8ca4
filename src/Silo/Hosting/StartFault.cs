using Microsoft.Extensions.Options;

namespace OrleansInference.Silo.Hosting;

/// <summary>Why a silo does not start, as one line for whoever started it.</summary>
internal static class StartFault
{
    public static string Describe(Exception exception)
    {
        var problems = exception is AggregateException many ? many.Flatten().InnerExceptions : [exception];
        var problem = string.Join(" ", problems.SelectMany(Words).Distinct());
        return $"The silo cannot start: {problem.ReplaceLineEndings(" ")}";
    }

    private static IEnumerable<string> Words(Exception exception) =>
        exception is OptionsValidationException options ? options.Failures : [exception.Message];
}
