namespace OrleansInference.Deployments.Tests;

public sealed class ComposeTests
{
    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("docker-compose.yml", "docker-compose.cuda.yml")]
    public void ComposeFile_WhereComposeIsInstalled_IsValid(params string[] files)
    {
        var (installed, _, _) = Command.Run("docker", ["compose", "version"]);
        Assert.SkipUnless(installed == 0, "docker compose is not on this machine.");
        var named = files.SelectMany(static file => new[] { "--file", file });
        var (code, _, errors) = Command.Run("docker", ["compose", .. named, "--profile", "tools", "config", "--quiet"]);
        code.ShouldBe(0, errors);
    }

    [Theory]
    [InlineData("deploy/systemd/orleans-inference-silo.service")]
    [InlineData("deploy/systemd/orleans-inference-gateway.service")]
    public void Unit_WhereSystemdIsInstalled_IsValid(string unit)
    {
        var (_, _, errors) = Command.Run("systemd-analyze", ["verify", "--man=no", unit]);
        // What the unit starts is not installed on a developer's machine; every other complaint is a fault.
        errors.Split('\n').Where(line => line.Contains("orleans-inference", StringComparison.Ordinal))
            .Where(line => !line.Contains("is not executable", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
