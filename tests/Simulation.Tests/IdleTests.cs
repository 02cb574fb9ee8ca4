using OrleansInference.Grains.Pipelines;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Runs;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>A cluster that nobody asks for anything: what it does at rest, and what the first request after that meets.</summary>
public sealed class IdleTests(ITestOutputHelper output)
{
    private const int SeedCount = 8;
    private const int RestSeconds = 60;

    /// <summary>
    /// Between five silos. With a picture of the cluster every 200 ms, every shard asked at every look and a ping every second it was 56.
    /// </summary>
    private const int FramesPerSecond = 40;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    // Both are needed.
    private static readonly Scenario WithoutASpare = Steady.Scenario with
    {
        Devices = [.. Enumerable.Range(0, 2).Select(index => Scenario.Device($"device-{index}", 60_000_000))],
    };

    [Fact]
    public void Request_WhenThePipelineCameBackWhileTheGatewayWasIdle_IsServed()
    {
        for (var seed = 1; seed <= SeedCount; seed++)
        {
            Run(WithoutASpare, seed, async world =>
            {
                var gateway = world.Gateways.First();
                await FollowAsync(world, world.Request(gateway, Steady.Model, promptTokens: 8, maximumTokens: 4));
                var before = await Steady.StatusAsync(world);
                var victim = Steady.MachineOf(world, before.Stages[1].Device);
                victim.RestartAt = world.Cluster.Loop.Now + TimeSpan.FromSeconds(10);
                world.Kill(victim);
                while ((await world.ReadTopologyAsync())?.Pipelines.SingleOrDefault() is not { State: PipelineState.Ready } now
                    || now.Epoch == before.Epoch)
                    await Task.Delay(Pace, world.Time);

                var request = world.Request(gateway, Steady.Model, promptTokens: 8, maximumTokens: 4);
                await FollowAsync(world, request);

                request.Outcome.ShouldBe(RequestOutcome.Complete, $"with seed {seed}");
            });
        }
    }

    [Fact]
    public void Cluster_WhenNobodyAsks_SendsFewFrames() => Run(Steady.Scenario, seed: 1, async world =>
    {
        var before = world.Cluster.Network.Frames;
        await Steady.PassAsync(world, RestSeconds);
        var frames = (world.Cluster.Network.Frames - before) / RestSeconds;
        output.WriteLine($"{frames} frames a second between {world.Machines.Count} silos.");
        frames.ShouldBeLessThan(FramesPerSecond);
    });

    private static void Run(Scenario scenario, int seed, Func<World, Task> story)
    {
        var world = new World(seed, scenario);
        world.Cluster.Run(() => TellAsync(world, story), TimeSpan.FromMinutes(5));
        world.Checker.CheckAllEnded();
    }

    private static async Task TellAsync(World world, Func<World, Task> story)
    {
        await SeedRun.StartAsync(world);
        await Steady.RecoverAsync(world);
        await Steady.PassAsync(world, 5);
        await story(world);
        await world.FinishAsync();
    }

    private static async Task FollowAsync(World world, RequestRecord request)
    {
        while (!request.HasEnded)
            await Task.Delay(Pace, world.Time);
    }
}
