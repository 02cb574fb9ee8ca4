using OrleansInference.Simulation.Tests.Runs;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>What simulation has found: as a story where it is understood, and as the seeds that found it.</summary>
public sealed class RegressionTests
{
    private const int DeviceSilenceSeconds = 6;

    // A device that had been silent for 5 s counted as gone, although its silo lived and still held its stage: it was neither
    // unloaded nor booked any more, and another pipeline was planned on top of it.
    [Fact]
    public void Memory_WhenADeviceIsSilentButItsSiloLives_StaysBooked() => Steady.Run(static async world =>
    {
        var deciding = new[] { Steady.HostOf(world, Steady.ClusterGrain), Steady.HostOf(world, Steady.PipelineGrain) };
        var stages = (await Steady.StatusAsync(world)).Stages.Select(stage => Steady.MachineOf(world, stage.Device)).ToList();
        stages.ShouldNotContain(deciding[0]);
        var silent = stages.First(machine => machine != deciding[1]).Silo!.Process;

        world.Cluster.Network.Part(silent, deciding[0].Silo!.Process, cuts: false);
        await Steady.PassAsync(world, DeviceSilenceSeconds);
        await Steady.RedeployAsync(world, slots: 1);
        world.Cluster.Network.Join(silent, deciding[0].Silo!.Process);
        await Steady.PassAsync(world, 2);

        await world.DeployAsync(world.Scenario.Deployments().First() with { SlotCount = 1, Replicas = 2 });
        await Steady.PassAsync(world, 20);
    }, scenario: Steady.Scenario with { WatchesPeers = false }, seed: 1).Report.Requests["complete"].ShouldBeGreaterThan(20);
}
