using Microsoft.Extensions.Options;

namespace OrleansInference.Silo.Hosting;

/// <summary>Why a silo does not start, as one line for whoever started it.</summary>
internal static class StartFault
{
    public static string Describe(Exception exception)
    {
        var problem = exception is OptionsValidationException options ? string.Join(" ", options.Failures) : exception.Message;
        return $"The silo cannot start: {problem.ReplaceLineEndings(" ")}";
    }
}
