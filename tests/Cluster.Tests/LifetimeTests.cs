using System.Net;
using System.Net.NetworkInformation;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

/// <summary>How clusters end, and that nothing is left of them.</summary>
public sealed class LifetimeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task CtrlC_WhenServing_LeavesNoProcessSocketOrLock()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos);
        int[] processes = [.. ProcessTable.ChildrenOf(cluster.ProcessId)];
        processes.Length.ShouldBe(4);
        Directory.GetFileSystemEntries(Path.Combine(cluster.RuntimeFolder, "oinf")).ShouldNotBeEmpty();

        var (exitCode, elapsed) = await cluster.InterruptAsync();

        output.WriteLine($"stopped in {elapsed.TotalSeconds:F2} s");
        exitCode.ShouldBe(0);
        cluster.Lines.ShouldNotContain(line => line.Contains("was killed"));
        processes.ShouldAllBe(process => !ProcessTable.IsAlive(process));
        Directory.GetFileSystemEntries(Path.Combine(cluster.RuntimeFolder, "oinf")).ShouldBeEmpty("sockets and locks lie there");
        Listeners().ShouldNotContain(endpoint => endpoint.Port == cluster.Url.Port);
        using var @lock = new FileStream(Path.Combine(cluster.DataFolder, "up.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        File.Exists(Path.Combine(cluster.DataFolder, "up.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task KillOfTheTool_WhenServing_LeavesNoOrphan()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos);
        int[] processes = [.. ProcessTable.ChildrenOf(cluster.ProcessId)];
        processes.Length.ShouldBe(4);

        ProcessTable.Kill(cluster.ProcessId);
        var elapsed = await Deadline.UntilAsync(TimeSpan.FromSeconds(10), "the children are gone", () => !processes.Any(ProcessTable.IsAlive));

        output.WriteLine($"children gone {elapsed.TotalSeconds:F2} s after the kill");
        Listeners().ShouldNotContain(endpoint => endpoint.Port == cluster.Url.Port);
    }

    [Fact]
    public async Task SecondUp_WhenTheDataFolderIsInUse_IsRefused()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.OneSilo);

        var (exitCode, text) = await ClusterProcess.RunToolAsync(
            "up", "--store", Path.Combine(cluster.DataFolder, "..", "models"), "--data", cluster.DataFolder, "--http", "127.0.0.1:0");

        exitCode.ShouldBe(1);
        text.ShouldContain($"process {cluster.ProcessId}");
        (await cluster.IsReadyAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Up_WhenThePortIsBusy_IsRefusedBeforeAnythingStarts()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.OneSilo);
        var data = Path.Combine(cluster.DataFolder, "..", "other");

        var (exitCode, text) = await ClusterProcess.RunToolAsync(
            "up", "--store", Path.Combine(cluster.DataFolder, "..", "models"), "--data", data, "--http", $"127.0.0.1:{cluster.Url.Port}");

        exitCode.ShouldBe(1);
        text.ShouldContain($"127.0.0.1:{cluster.Url.Port} is in use");
        Directory.Exists(Path.Combine(data, "logs")).ShouldBeFalse();
    }

    private static IPEndPoint[] Listeners() => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
}
