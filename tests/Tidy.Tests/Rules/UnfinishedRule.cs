using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests.Rules;

/// <summary>No notes to self and no stubs.</summary>
internal static class UnfinishedRule
{
    private static readonly string[] Notes = ["TO" + "DO", "FIX" + "ME", "HA" + "CK:"];

    public static IEnumerable<string> Violations(SourceFile file)
    {
        foreach (var trivia in file.Root.DescendantTrivia(descendIntoTrivia: false).Where(IsComment))
        {
            foreach (var note in Notes.Where(note => trivia.ToFullString().Contains(note, StringComparison.Ordinal)))
                yield return $"{file.Path}:{trivia.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: {note}";
        }

        foreach (var name in file.Root.DescendantNodes().OfType<IdentifierNameSyntax>())
        {
            if (name.Identifier.Text == nameof(NotImplementedException))
                yield return $"{file.Locate(name)}: {nameof(NotImplementedException)}";
        }
    }

    private static bool IsComment(SyntaxTrivia trivia) =>
        trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
            or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;
}
