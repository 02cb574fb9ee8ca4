using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>Native functions are imported with LibraryImport, whose marshalling is generated and can be read.</summary>
internal static class InteropRule
{
    public static IEnumerable<string> Violations(SourceFile file) => file.Root.DescendantNodes().OfType<AttributeSyntax>()
        .Where(a => a.Name.ToString().Split('.')[^1] is "DllImport" or "DllImportAttribute")
        .Select(a => $"{file.Locate(a)}: {a.Name}");
}
