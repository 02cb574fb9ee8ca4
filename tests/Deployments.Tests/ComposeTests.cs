namespace OrleansInference.Deployments.Tests;

public sealed class ComposeTests
{
    [Fact]
    public void ComposeFile_WhereComposeIsInstalled_IsValid()
    {
        var (installed, _, _) = Command.Run("docker", ["compose", "version"]);
        Assert.SkipUnless(installed == 0, "docker compose is not on this machine.");
        var (code, _, errors) = Command.Run("docker", ["compose", "--file", "docker-compose.yml", "config", "--quiet"]);
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
