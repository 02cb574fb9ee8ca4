using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>Grain code runs in simulation, on one thread and in virtual time: no clock, thread, file or socket of its own.</summary>
internal static partial class GrainRule
{
    private static readonly Dictionary<string, string[]> BannedMembers = new()
    {
        ["DateTime"] = ["Now", "UtcNow", "Today"],
        ["DateTimeOffset"] = ["Now", "UtcNow"],
        ["Environment"] = ["TickCount", "TickCount64"],
        ["Task"] = ["Run", "Factory"],
        ["Thread"] = ["Sleep", "Yield", "SpinWait"],
        ["TimeProvider"] = ["System"],
    };

    private static readonly HashSet<string> BannedTypes =
    [
        "Stopwatch", "ThreadPool", "Parallel", "BackgroundWorker", "TaskFactory", "File", "FileStream", "FileInfo", "Directory", "DirectoryInfo",
        "Socket", "TcpClient", "TcpListener", "HttpClient",
    ];

    public static IEnumerable<string> Violations(SourceFile file)
    {
        foreach (var node in file.Root.DescendantNodes())
        {
            if (Describe(node) is { } what)
                yield return $"{file.Locate(node)}: {what}";
        }

        foreach (var directive in file.Root.DescendantTrivia().Where(t => t.IsKind(SyntaxKind.IfDirectiveTrivia)))
            yield return $"{file.Path}: {directive.ToString().Trim()}: grains do not know which engine runs them";
    }

    private static string? Describe(SyntaxNode node) => node switch
    {
        MemberAccessExpressionSyntax access when SimpleName(access.Expression) is { } type
            && BannedMembers.TryGetValue(type, out var members) && members.Contains(access.Name.Identifier.Text) => $"{type}.{access.Name}",
        MemberAccessExpressionSyntax { Name.Identifier.Text: "ConfigureAwait" } => "ConfigureAwait leaves the grain's scheduler",
        InvocationExpressionSyntax call when IsDelayWithoutClock(call) => $"{call.Expression} without a TimeProvider",
        ObjectCreationExpressionSyntax { Type: var type } when SimpleName(type) is "Thread" or "Timer" or "PeriodicTimer" =>
            $"new {type}",
        IdentifierNameSyntax { Identifier.Text: var name } when BannedTypes.Contains(name) && !IsMemberName(node) => name,
        _ => null,
    };

    private static bool IsDelayWithoutClock(InvocationExpressionSyntax call) =>
        call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "Delay" } access
        && SimpleName(access.Expression) == "Task"
        && !call.ArgumentList.Arguments.Any(argument => IsClock().IsMatch(argument.ToString()));

    /// <summary>x.File, or a property that is named File, is not the type.</summary>
    private static bool IsMemberName(SyntaxNode node) =>
        node.Parent is MemberAccessExpressionSyntax access && access.Name == node && access.Expression is not (IdentifierNameSyntax or MemberAccessExpressionSyntax)
        || node.Parent is NameColonSyntax or AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax };

    private static string? SimpleName(SyntaxNode node) => node switch
    {
        SimpleNameSyntax name => name.Identifier.Text,
        MemberAccessExpressionSyntax access => access.Name.Identifier.Text,
        QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
        _ => null,
    };

    [GeneratedRegex(@"(^|[._])(time|clock|timeProvider)$", RegexOptions.IgnoreCase)]
    private static partial Regex IsClock();
}
