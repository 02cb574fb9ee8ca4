using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OrleansInference.Tidy.Tests.Sources;

/// <param name="Path">Relative to the repository, with forward slashes.</param>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>Every symbol a project defines is defined here too, so that no code hides from the rules behind an #if.</summary>
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, preprocessorSymbols: ["DEBUG", "EMBEDDED", "ORLEANS"]);

    public SyntaxNode Root => field ??= CSharpSyntaxTree.ParseText(Text, Options).GetRoot();

    public int LineCount => Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    /// <summary>src/Grains/… and so on.</summary>
    public bool IsIn(params string[] folders) => folders.Any(folder => Path.StartsWith(folder + "/", StringComparison.Ordinal));

    public string Locate(SyntaxNode node) => $"{Path}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
}
