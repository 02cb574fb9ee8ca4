using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>What simulation has found, each as a story.</summary>
public sealed class RegressionTests
{
    private const int SilenceSeconds = 7;
    private const int TriesSeconds = 600;

    // Suspected for 30, 60, 120, 240, 480 s; every cool-down it was 11 times.
    private const int MaximumTries = 5;

    // The model fits the large device, or any two of the others.
    private static readonly Scenario OneLargeDevice = Steady.Scenario with
    {
        Devices = [.. Enumerable.Range(0, 4).Select(index => Scenario.Device($"device-{index}", index == 0 ? 120_000_000 : 60_000_000))],
    };

    // A device that had been silent for 5 s counted as gone, although its silo lived and still held its stage: it was neither unloaded
    // nor booked any more, and another pipeline was planned on top of it. It showed where the new plan had fewer stages, because the
    // next load of a stage finds what is left of it.
    [Fact]
    public void Memory_WhenADeviceIsSilentButItsSiloLives_StaysBooked() => Steady.Run(static async world =>
    {
        var large = Steady.MachineOf(world, "device-0");
        await LoseAsync(world, large);
        var machines = (await Steady.StatusAsync(world)).Stages.Select(stage => Steady.MachineOf(world, stage.Device)).ToList();
        machines.Count.ShouldBe(2);

        machines[1].Device!.IsSilent = true;
        large.RestartAt = TimeSpan.Zero;
        await Steady.PassAsync(world, SilenceSeconds);
        await LoseAsync(world, machines[0]);
        (await Steady.StatusAsync(world)).Stages.Single().Device.ShouldBe(large.Name);
        machines[1].Device!.IsSilent = false;
        await Steady.PassAsync(world, 2);

        // Takes the device that was silent, and the last one.
        await world.DeployAsync(world.Scenario.Deployments().First() with { Replicas = 2 });
        await Steady.PassAsync(world, 20);
        (await world.ReadTopologyAsync())!.Pipelines.SelectMany(static status => status.Stages)
            .ShouldContain(stage => stage.Device == machines[1].Name);
    }, scenario: OneLargeDevice).Report.Requests["complete"].ShouldBeGreaterThan(20);

    // Every cool-down the working pipeline was taken down for a device that could not load: it was suspected for less than that.
    [Fact]
    public void BetterDevice_WhenItCannotLoad_IsNotTriedForever() => Steady.Run(static async world =>
    {
        var large = Steady.MachineOf(world, "device-0");
        await LoseAsync(world, large);
        large.RestartAt = TimeSpan.Zero;
        await Steady.PassAsync(world, 2);
        large.Stages!.FailLoads(int.MaxValue);
        var before = (await Steady.StatusAsync(world)).Epoch;

        for (var second = 0; second < TriesSeconds; second++)
        {
            await Steady.PassAsync(world, 1);
            world.Checker.Plans.Disturb();
        }

        // Each try takes two plans: there and back.
        var status = await Steady.StatusAsync(world);
        status.Stages.Length.ShouldBe(2);
        ((status.Epoch - before) / 2).ShouldBeInRange(1, MaximumTries);
    }, scenario: OneLargeDevice);

    private static async Task LoseAsync(World world, Machine machine)
    {
        machine.RestartAt = TimeSpan.MaxValue;
        world.Kill(machine);
        await Steady.PassAsync(world, 3);
        await Steady.RecoverAsync(world);
    }
}
