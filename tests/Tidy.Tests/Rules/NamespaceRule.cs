using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>A type's namespace is the folder of its file: src/Silo/Engines/X.cs declares OrleansInference.Silo.Engines.</summary>
internal static class NamespaceRule
{
    public static IEnumerable<string> Violations(SourceFile file)
    {
        if (Expected(file.Path) is not { } expected)
            yield break;
        foreach (var space in file.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
        {
            if (space.Name.ToString() != expected)
                yield return $"{file.Locate(space)}: namespace {space.Name}, but the folder says {expected}";
        }

        // A file of types without a namespace; a file of statements (Program.cs) declares none.
        var isLoose = file.Root is CompilationUnitSyntax unit && unit.Members.Any(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            && !unit.Members.Any(m => m is GlobalStatementSyntax);
        if (isLoose)
            yield return $"{file.Path}: types without a namespace; the folder says {expected}";
    }

    private static string? Expected(string path)
    {
        // src/X/… and tests/X/… have the project's name after one folder, bench/… is the project Bench itself.
        // The embedded engine declares Orleans' own types under src/Embedded/Orleans, in Orleans' own namespaces.
        string[] parts = path.Split('/');
        return parts switch
        {
            ["src", "Embedded", "Orleans", ..] => null,
            ["src" or "tests", var project, .. var folders, _] => string.Join('.', ["OrleansInference", project, .. folders]),
            ["bench", .. var folders, _] => string.Join('.', ["OrleansInference", "Bench", .. folders]),
            _ => null,
        };
    }
}
