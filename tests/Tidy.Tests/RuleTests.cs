using OrleansInference.Tidy.Tests.Rules;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests;

/// <summary>The rules themselves: each finds what it is for, and leaves alone what looks like it.</summary>
public sealed class RuleTests
{
    private static SourceFile Method(string statement) => new("src/Grains/X.cs", $"class X {{ async Task M() {{ {statement} }} }}");

    [Theory]
    [InlineData("var t = DateTime.UtcNow;")]
    [InlineData("var t = System.DateTime.Now;")]
    [InlineData("var t = DateTimeOffset.UtcNow;")]
    [InlineData("var t = DateTimeOffset.Now;")]
    [InlineData("var s = Stopwatch.StartNew();")]
    [InlineData("var t = Environment.TickCount64;")]
    [InlineData("await Task.Run(() => 1);")]
    [InlineData("await Task.Factory.StartNew(() => 1);")]
    [InlineData("new Thread(() => { }).Start();")]
    [InlineData("ThreadPool.QueueUserWorkItem(_ => { });")]
    [InlineData("await Other().ConfigureAwait(false);")]
    [InlineData("Thread.Sleep(1);")]
    [InlineData("await Task.Delay(5);")]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), cancellation);")]
    [InlineData("var s = File.ReadAllText(path);")]
    [InlineData("var s = System.IO.File.ReadAllText(path);")]
    [InlineData("using var s = new Socket(a, b, c);")]
    [InlineData("var t = TimeProvider.System.GetUtcNow();")]
    public void GrainRule_WhenCodeIsBanned_FindsIt(string statement) => GrainRule.Violations(Method(statement)).ShouldNotBeEmpty();

    [Theory]
    [InlineData("var t = clock.GetUtcNow();")]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), timeProvider, cancellation);")]
    [InlineData("await Task.Delay(delay, clock, cancellation);")]
    [InlineData("await Task.WhenAll(a, b);")]
    [InlineData("DateTimeOffset at = reading.At;")]
    public void GrainRule_WhenCodeIsFine_LeavesIt(string statement) => GrainRule.Violations(Method(statement)).ShouldBeEmpty();

    [Fact]
    public void GrainRule_WhenCodeAsksForTheEngine_FindsIt() =>
        GrainRule.Violations(new SourceFile("src/Grains/X.cs", "#if EMBEDDED\nclass X;\n#endif\n")).ShouldNotBeEmpty();

    [Theory]
    [InlineData("src/Silo/Engines/X.cs", "namespace OrleansInference.Silo; class X;")]
    [InlineData("src/Silo/X.cs", "class X;")]
    [InlineData("src/Embedded/Runtime/X.cs", "namespace Orleans; class X;")]
    public void NamespaceRule_WhenItIsNotTheFolder_FindsIt(string path, string text) =>
        NamespaceRule.Violations(new SourceFile(path, text)).ShouldNotBeEmpty();

    [Theory]
    [InlineData("src/Silo/Engines/X.cs", "namespace OrleansInference.Silo.Engines; class X;")]
    [InlineData("src/Embedded/Orleans/Runtime/X.cs", "namespace Orleans.Runtime; class X;")]
    [InlineData("src/Tool/Program.cs", "return 0;")]
    [InlineData("bench/X.cs", "namespace OrleansInference.Bench; class X;")]
    public void NamespaceRule_WhenItIsTheFolder_LeavesIt(string path, string text) =>
        NamespaceRule.Violations(new SourceFile(path, text)).ShouldBeEmpty();

    [Theory]
    [InlineData("[LoggerMessage(Message = \"Got {Prompt}\")] partial void Log(string prompt);")]
    [InlineData("[LoggerMessage(Message = \"Got it\")] partial void Log(ChatMessage said);")]
    [InlineData("[LoggerMessage(Message = \"Got {Text}\")] partial void Log(string value);")]
    [InlineData("void M() => logger.LogInformation(\"x\");")]
    [InlineData("void M() => Console.WriteLine(prompt);")]
    public void LogRule_WhenALogMayShowAPrompt_FindsIt(string member) =>
        LogRule.Violations(new SourceFile("src/Silo/X.cs", $"partial class X {{ {member} }}")).ShouldNotBeEmpty();

    [Fact]
    public void LogRule_WhenALogShowsCounts_LeavesIt() => LogRule.Violations(new SourceFile(
        "src/Silo/X.cs", "partial class X { [LoggerMessage(Message = \"{PromptTokens} tokens\")] partial void Log(int promptTokens); }")).ShouldBeEmpty();

    [Theory]
    [InlineData("void M() => throw new NotImplementedException();")]
    [InlineData("// TO" + "DO: later\nvoid M() { }")]
    public void UnfinishedRule_WhenCodeIsUnfinished_FindsIt(string member) =>
        UnfinishedRule.Violations(new SourceFile("src/Silo/X.cs", $"class X {{ {member} }}")).ShouldNotBeEmpty();

    [Fact]
    public void InteropRule_WhenDllImportIsUsed_FindsIt() => InteropRule.Violations(new SourceFile(
        "src/Silo/X.cs", "class X { [DllImport(\"c\")] static extern int getpid(); }")).ShouldNotBeEmpty();

    [Fact]
    public void SizeReport_WhenFileAndMethodAreLong_NamesBoth()
    {
        var file = new SourceFile("src/Silo/X.cs", $"class X\n{{\nvoid Long()\n{{\n{new string('\n', 400)}}}\n}}\n");

        SizeReport.LongFiles(file).ShouldHaveSingleItem();
        SizeReport.LongMethods(file).ShouldHaveSingleItem().ShouldContain("Long has ");
    }
}
