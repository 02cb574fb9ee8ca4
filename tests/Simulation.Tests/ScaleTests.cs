using System.Diagnostics;
using System.Globalization;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Runs;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>A large cluster: every device reports every second.</summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int SiloCount = 1_000;

    private static readonly TimeSpan Duration = TimeSpan.FromHours(1);

    // Ten models of two stages and a gateway, among 999 devices of which most have nothing to do but report.
    private static readonly Scenario Large = Steady.Scenario with
    {
        Devices = [.. Enumerable.Range(0, SiloCount - 1).Select(index =>
            Scenario.Device($"device-{index:d3}", 60_000_000, zone: $"zone-{index % 8}"))],
        Models = [.. Enumerable.Range(0, 10).Select(index => Scenario.Model($"model-{index}", layers: 8, layerBytes: 10_000_000))],
        RefreshMilliseconds = 2_500,
        RequestPeriod = TimeSpan.FromSeconds(1),
        ImprovementSeconds = 600,
        WatchesPeers = false,
    };

    [Fact]
    public void Cluster_OfAThousandSilos_RunsAnHourInMinutes() => Processors.UseAlone(Run);

    private void Run()
    {
        var clock = Stopwatch.StartNew();
        var processorTime = ProcessorTime();
        var world = new World(seed: 1, Large);

        world.Cluster.Run(() => TellAsync(world), TimeSpan.FromHours(2));
        world.Checker.CheckAllEnded();
        world.Cluster.Loop.RunFor(TimeSpan.Zero);

        processorTime = ProcessorTime() - processorTime;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{SiloCount:N0} simulated silos, {world.Cluster.Loop.Now.TotalHours:F2} virtual hours in {clock.Elapsed.TotalSeconds:F0} s "
            + $"({processorTime.TotalSeconds:F0} s of processor time): {world.Cluster.Loop.Steps:N0} steps, {world.Cluster.Network.Frames:N0} frames, "
            + $"{world.Cluster.Activations.Checks:N0} turns, {world.Report.Requests["complete"]:N0} answers."));
        world.Cluster.Activations.Checks.ShouldBeGreaterThan((long)(SiloCount * 2 * Duration.TotalSeconds * 0.99));
        // Of processor time, because other programs may be at work on the machine.
        processorTime.ShouldBeLessThan(TimeSpan.FromMinutes(2));
    }

    // Of this thread, which is the simulation's: user and system time, in hundredths of a second.
    private static TimeSpan ProcessorTime()
    {
        var status = File.ReadAllText("/proc/thread-self/stat");
        var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * fields[11..13].Sum(static field => long.Parse(field, CultureInfo.InvariantCulture)));
    }

    private static async Task TellAsync(World world)
    {
        await SeedRun.StartAsync(world);
        await SeedRun.RecoverAsync(world, TimeSpan.FromSeconds(60));
        var load = new ClientLoad(world);
        var clients = load.RunAsync();
        await Steady.PassAsync(world, (int)Duration.TotalSeconds);
        load.Stop();
        await clients;
        await world.FinishAsync();
    }
}
