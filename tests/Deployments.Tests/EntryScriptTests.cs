namespace OrleansInference.Deployments.Tests;

/// <summary>./start and ./test as they are, in a copy of the repository that has nothing to build, with programs that only say what they are told.</summary>
public sealed class EntryScriptTests : IDisposable
{
    private const string NothingToSetUp = """
        require_tools() { :; }
        install_packages() { :; }
        build() { :; }
        orleans_restores() { return 1; }

        """;

    private readonly TemporaryFolder _folder = new();

    public EntryScriptTests()
    {
        Directory.CreateDirectory(_folder["caller"]);
        Directory.CreateDirectory(_folder["checkout/scripts"]);
        Directory.CreateDirectory(_folder["checkout/tests/Some.Tests"]);
        Directory.CreateDirectory(_folder["checkout/artifacts/bin/Tool/release"]);
        foreach (var script in new[] { "start", "test" })
            File.Copy(Path.Combine(Command.Root, script), _folder[$"checkout/{script}"]);
        SetUp("");
        File.WriteAllText(_folder["checkout/artifacts/bin/Tool/release/oinf"], "#!/bin/sh\necho \"$@\"\n");
        File.SetUnixFileMode(
            _folder["checkout/artifacts/bin/Tool/release/oinf"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--store", "./m")]
    [InlineData("--store=m")]
    [InlineData("--data", "m")]
    [InlineData("--data=./m")]
    public void Start_FromAnotherFolder_TakesPathsFromThere(params string[] arguments)
    {
        var (code, output, errors) = Run("start", arguments);

        code.ShouldBe(0, errors);
        var option = arguments[0].Split('=')[0];
        Path.GetFullPath(output.Split(' ').SkipWhile(word => word != option).ElementAt(1)).ShouldBe(_folder["caller/m"]);
    }

    [Fact]
    public void Start_WhenAPathIsWhole_TakesItAsItIs() => Run("start", "--store", "/srv/models").Output.ShouldContain("--store /srv/models ");

    [Theory]
    [InlineData("--port", "8081")]
    [InlineData("--port=8081")]
    public void Start_WhenAPortIsGiven_ListensThere(params string[] arguments) =>
        Run("start", [.. arguments, "--data", "m"]).Output.ShouldContain($"up --http 127.0.0.1:8081 --data {_folder["caller/m"]}");

    [Theory]
    [InlineData("--port", "--port wants a number")]
    [InlineData("--port=http", "--port wants a number")]
    [InlineData("--engine", "--engine wants embedded or orleans.")]
    [InlineData("--engine=other", "There is no engine other.")]
    public void Start_WhenAnOptionIsWrong_SaysSo(string argument, string expected)
    {
        var (code, _, errors) = Run("start", argument);

        code.ShouldBe(1);
        errors.ShouldStartWith(expected);
    }

    [Fact]
    public void Start_WhenAskedForHelp_SaysItBeforeAnythingIsBuilt()
    {
        SetUp("build() { die 'built'; }");

        var (code, output, errors) = Run("start", "--help");

        (code, errors).ShouldBe((0, ""));
        output.ShouldStartWith("Serves the demo model from three silos");
        output.ShouldContain("./start [--port N]");
        output.ShouldEndWith("up --help\n");
    }

    [Theory]
    [InlineData("--store")]
    [InlineData("--data")]
    public void Start_WhenAPathIsMissing_SaysSo(string option)
    {
        var (code, _, errors) = Run("start", option);

        code.ShouldBe(1);
        errors.ShouldContain($"{option} wants a folder");
    }

    [Fact]
    public void Test_WhenTheFilterMatchesNoTest_FailsAndSaysSo()
    {
        SetUp("dotnet() { echo 'Test run summary: Zero tests ran'; return 8; }");

        var (code, output, errors) = Run("test", "--filter", "Plannner");

        code.ShouldBe(1);
        output.ShouldEndWith("0 passed, 0 failed, 0 skipped\n");
        errors.ShouldContain("No test has 'Plannner' in its full name.");
    }

    [Fact]
    public void Test_WhenTheFilterMatchesATest_Succeeds()
    {
        SetUp("dotnet() { printf '  succeeded: 1\\n  failed: 0\\n  skipped: 0\\n'; }");

        var (code, output, errors) = Run("test", "--filter", "Planner");

        (code, errors).ShouldBe((0, ""));
        output.ShouldEndWith("1 passed, 0 failed, 0 skipped\n");
    }

    private void SetUp(string more) => File.WriteAllText(
        _folder["checkout/scripts/setup.sh"], File.ReadAllText(Path.Combine(Command.Root, "scripts/setup.sh")) + NothingToSetUp + more + "\n");

    private (int Code, string Output, string Errors) Run(string script, params string[] arguments) =>
        Command.Run("/bin/bash", [$"../checkout/{script}", .. arguments], folder: _folder["caller"]);
}
