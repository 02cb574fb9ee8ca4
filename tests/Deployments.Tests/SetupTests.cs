namespace OrleansInference.Deployments.Tests;

/// <summary>What ./start, ./test and bench/run say on a machine that lacks something, with a PATH that holds only what the test puts there.</summary>
public sealed class SetupTests : IDisposable
{
    private static readonly string[] Used = ["uname", "grep", "sed", "dirname", "readlink"];

    private readonly TemporaryFolder _tools = new();

    public SetupTests()
    {
        foreach (var tool in Used)
            File.CreateSymbolicLink(_tools[tool], Locate(tool));
        Install("dotnet", "10.0.100 [/usr/lib/dotnet/sdk]");
        Install("node", "v20.0.0");
        Install("npm", "10.0.0");
    }

    public void Dispose() => _tools.Dispose();

    [Fact]
    public void RequireTools_WhenAllAreThere_GoesOn() => RequireTools().ShouldBe((0, "all there\n", ""));

    [Theory]
    [InlineData("dotnet", "The .NET 10 SDK is missing.")]
    [InlineData("node", "Node.js 20 or newer with npm is missing")]
    [InlineData("npm", "Node.js 20 or newer with npm is missing")]
    public void RequireTools_WhenOneIsMissing_SaysWhichAndEnds(string tool, string message)
    {
        File.Delete(_tools[tool]);

        var (code, output, errors) = RequireTools();

        (code, output).ShouldBe((1, ""));
        errors.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("dotnet", "9.0.300 [/usr/lib/dotnet/sdk]", "The .NET 10 SDK is missing.")]
    [InlineData("node", "v18.20.0", "Node.js 20 or newer with npm is missing")]
    public void RequireTools_WhenOneIsTooOld_SaysWhichAndEnds(string tool, string version, string message)
    {
        Install(tool, version);

        var (code, _, errors) = RequireTools();

        code.ShouldBe(1);
        errors.ShouldStartWith(message);
    }

    private (int Code, string Output, string Errors) RequireTools() => Command.Run(
        "/bin/bash", ["-euo", "pipefail", "-c", ". scripts/setup.sh; require_tools; say 'all there'"],
        environment: [("PATH", _tools.FullPath), ("HOME", _tools.FullPath)]);

    private void Install(string tool, string says)
    {
        File.WriteAllText(_tools[tool], $"#!/bin/sh\necho '{says}'\n");
        File.SetUnixFileMode(_tools[tool], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Locate(string tool) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Select(folder => Path.Combine(folder, tool)).First(File.Exists);
}
