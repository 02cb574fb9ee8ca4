using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>
/// Logs never hold what a client said or was told: logging methods take no parameter and name no placeholder that sounds like it, and
/// there is no logging but by [LoggerMessage] methods, whose templates this rule reads.
/// </summary>
internal static partial class LogRule
{
    private static readonly HashSet<string> DirectCalls =
        ["LogTrace", "LogDebug", "LogInformation", "LogWarning", "LogError", "LogCritical"];

    private static readonly HashSet<string> TextTypes =
        ["GenerationRequest", "GenerationDelta", "ChatMessage", "HttpRequest", "HttpContext", "JsonElement", "JsonNode", "Frame"];

    public static IEnumerable<string> Violations(SourceFile file)
    {
        foreach (var method in file.Root.DescendantNodes().OfType<MethodDeclarationSyntax>())
        {
            if (LoggerMessage(method) is not { } attribute)
                continue;
            foreach (var parameter in method.ParameterList.Parameters)
            {
                var type = parameter.Type?.ToString().TrimEnd('?') ?? "";
                if (Forbidden().IsMatch(parameter.Identifier.Text) || TextTypes.Contains(type))
                    yield return $"{file.Locate(parameter)}: a log takes {type} {parameter.Identifier.Text}";
            }

            foreach (Match placeholder in Placeholder().Matches(attribute.ToString()))
            {
                if (Forbidden().IsMatch(placeholder.Groups[1].Value))
                    yield return $"{file.Locate(attribute)}: a log shows {placeholder.Value}";
            }
        }

        foreach (var call in file.Root.DescendantNodes().OfType<InvocationExpressionSyntax>())
        {
            if (call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: var name } && DirectCalls.Contains(name))
                yield return $"{file.Locate(call)}: {name}, but logs go through [LoggerMessage] methods";
            else if (call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "Write" or "WriteLine", Expression: IdentifierNameSyntax { Identifier.Text: "Console" } })
                yield return $"{file.Locate(call)}: {call.Expression}, but logs go through [LoggerMessage] methods";
        }
    }

    private static AttributeSyntax? LoggerMessage(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).FirstOrDefault(a => a.Name.ToString() is "LoggerMessage" or "LoggerMessageAttribute");

    [GeneratedRegex(@"^(prompt|prompttext|text|content|contents|message|messages|messagebody|body|completion|completiontext|delta|input|stop|stoptext|history)$",
        RegexOptions.IgnoreCase)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\{([A-Za-z0-9_]+)[^}]*\}")]
    private static partial Regex Placeholder();
}
