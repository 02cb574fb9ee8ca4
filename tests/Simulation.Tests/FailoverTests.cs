using System.Globalization;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>How long a pipeline is away when a silo of it dies and another device can take its place.</summary>
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const int SeedCount = 12;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    // Any three of the four have room for the model, no two of them have.
    private static readonly Scenario WithASpare = Steady.Scenario with
    {
        Devices = [.. Enumerable.Range(0, 4).Select(index => Scenario.Device($"device-{index}", 42_000_000))],
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Kill_WhenASpareSiloCanTakeTheShard_IsReadyAgainSoon(int stage)
    {
        // Each seed has the grains elsewhere: with the dead silo go none of them, one, or all.
        var durations = Enumerable.Range(1, SeedCount).Select(seed => Measure(stage, seed)).ToList();

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Stage {stage} killed, simulated: ready again after {durations.Average(static one => one.TotalSeconds):F2} s on average, "
            + $"{durations.Max().TotalSeconds:F2} s at most, of {SeedCount} seeds."));
        durations.Max().ShouldBeLessThan(Bound);
    }

    private static TimeSpan Measure(int stage, int seed)
    {
        var duration = TimeSpan.Zero;
        Steady.Run(async world =>
        {
            var before = await Steady.StatusAsync(world);
            var victim = Steady.MachineOf(world, before.Stages[stage].Device);
            victim.RestartAt = TimeSpan.MaxValue;
            var killedAt = world.Cluster.Loop.Now;
            world.Kill(victim);
            PipelineStatus? after;
            do
            {
                await Task.Delay(Pace, world.Time);
                after = (await world.ReadTopologyAsync())?.Pipelines.SingleOrDefault();
            }
            while (after is not { State: PipelineState.Ready } || after.Epoch == before.Epoch);
            duration = world.Cluster.Loop.Now - killedAt;
            after.Stages.Length.ShouldBe(3);
        }, scenario: WithASpare, seed: seed);
        return duration;
    }
}
