using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>What simulation has found: each as a story.</summary>
public sealed class RegressionTests
{
    private const int SilenceSeconds = 7;

    // A device that had been silent for 5 s counted as gone, although its silo lived and still held its stage: it was neither
    // unloaded nor booked any more, and another pipeline was planned on top of it.
    [Fact]
    public void Memory_WhenADeviceIsSilentButItsSiloLives_StaysBooked() => Steady.Run(static async world =>
    {
        var silent = Steady.MachineOf(world, (await Steady.StatusAsync(world)).Stages[0].Device).Device!;
        silent.IsSilent = true;
        await Steady.PassAsync(world, SilenceSeconds);
        await Steady.RedeployAsync(world, slots: 1);
        silent.IsSilent = false;
        await Steady.PassAsync(world, 2);

        // Takes the room of two more devices.
        await world.DeployAsync(world.Scenario.Deployments().First() with { SlotCount = 1, Replicas = 2 });
        await Steady.PassAsync(world, 20);
    }).Report.Requests["complete"].ShouldBeGreaterThan(20);
}
