using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>Files and methods that want splitting. A report, not a verdict.</summary>
internal static class SizeReport
{
    public const int FileLines = 300;
    public const int MethodLines = 70;

    public static IEnumerable<string> LongFiles(SourceFile file) =>
        file.LineCount > FileLines ? [$"{file.Path}: {file.LineCount} lines"] : [];

    public static IEnumerable<string> LongMethods(SourceFile file)
    {
        foreach (var node in file.Root.DescendantNodes().Where(n => n is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax))
        {
            var span = node.GetLocation().GetLineSpan();
            var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MethodLines)
                yield return $"{file.Locate(node)}: {NameOf(node)} has {lines} lines";
        }
    }

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };
}
