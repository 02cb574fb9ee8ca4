using OrleansInference.Tidy.Tests.Rules;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests;

public sealed class SourceRuleTests(ITestOutputHelper output)
{
    private static IEnumerable<SourceFile> In(params string[] folders) => Repository.SourceFiles.Where(file => file.IsIn(folders));

    [Fact]
    public void Sources_WhenLookedFor_AreFound()
    {
        In("src/Grains").Count().ShouldBeGreaterThan(5);
        In("src/Silo").Count().ShouldBeGreaterThan(3);
        In("tests/Tidy.Tests").Count().ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Sources_WhenParsed_HaveNoSyntaxErrors() => Repository.SourceFiles
        .SelectMany(file => file.Root.GetDiagnostics().Where(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error)
            .Select(d => $"{file.Path}: {d}")).ShouldBeEmpty("the rules below would not see what the parser does not understand");

    [Fact]
    public void Grains_WhenRead_UseNoClockThreadFileOrSocket() => In("src/Grains").SelectMany(GrainRule.Violations).ShouldBeEmpty();

    [Fact]
    public void Namespaces_WhenRead_AreTheirFolders() => Repository.SourceFiles.SelectMany(NamespaceRule.Violations).ShouldBeEmpty();

    [Fact]
    public void Sources_WhenRead_AreFinished() => In("src", "bench").SelectMany(UnfinishedRule.Violations).ShouldBeEmpty();

    [Fact]
    public void Logs_WhenRead_ShowNoPrompt() =>
        In("src/Silo", "src/Gateway", "src/Grains", "src/DataPlane", "src/Embedded").SelectMany(LogRule.Violations).ShouldBeEmpty();

    [Fact]
    public void Interop_WhenRead_UsesLibraryImport() => Repository.SourceFiles.SelectMany(InteropRule.Violations).ShouldBeEmpty();

    [Fact]
    public void Sizes_WhenMeasured_AreReported()
    {
        string[] report = [.. Repository.SourceFiles.SelectMany(file => SizeReport.LongFiles(file).Concat(SizeReport.LongMethods(file)))];
        var sizes = Repository.SourceFiles.Where(f => f.IsIn("src")).Select(f => f.LineCount).Order().ToArray();
        output.WriteLine($"{Repository.SourceFiles.Count} files; in src: {sizes.Length} files, median {sizes[sizes.Length / 2]} lines, longest {sizes[^1]}.");
        foreach (var line in report)
            output.WriteLine(line);
        output.WriteLine($"{report.Length} files over {SizeReport.FileLines} lines or methods over {SizeReport.MethodLines} lines.");
    }
}
