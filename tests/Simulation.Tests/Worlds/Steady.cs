using Orleans.Runtime;
using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Simulation.Tests.Checks;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Runs;
using OrleansInference.Simulation.Tests.Stages;

namespace OrleansInference.Simulation.Tests.Worlds;

/// <summary>A cluster without faults: four devices, of which a model takes two, and one gateway.</summary>
internal static class Steady
{
    public const string Model = "model";

    public const string Pipeline = Model + "/0";

    public static readonly GrainId ClusterGrain = GrainId.Create("cluster", "0");

    public static readonly GrainId PipelineGrain = GrainId.Create("pipeline", Pipeline);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    public static Scenario Scenario { get; } = new()
    {
        Models = [Worlds.Scenario.Model(Model, layers: 8, layerBytes: 10_000_000)],
        Devices = [.. Enumerable.Range(0, 4).Select(index => Worlds.Scenario.Device($"device-{index}", 60_000_000))],
        RequestPeriod = TimeSpan.FromMilliseconds(400),
    };

    /// <summary>Serves requests, tells a story, and checks everything.</summary>
    public static World Run(Func<World, Task> story, Defects? defects = null, Scenario? scenario = null, int seed = 1)
    {
        var world = new World(seed, scenario ?? Scenario, trace: null, defects);
        world.Cluster.Run(() => TellAsync(world, story), Limit);
        world.Checker.CheckAllEnded();
        world.Cluster.Loop.RunFor(TimeSpan.Zero);
        return world;
    }

    /// <summary>The invariant that a story violates.</summary>
    public static InvariantViolationException Violate(Func<World, Task> story, Defects? defects = null) =>
        Should.Throw<InvariantViolationException>(() => Run(story, defects));

    public static Task PassAsync(World world, int seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), world.Time);

    public static Task RecoverAsync(World world) => SeedRun.RecoverAsync(world, TimeSpan.FromSeconds(60));

    /// <summary>Serves the model with other numbers, which takes a new epoch; returns it.</summary>
    public static async Task<long> RedeployAsync(World world, int slots)
    {
        await world.DeployAsync(world.Scenario.Deployments().First() with { SlotCount = slots });
        await PassAsync(world, 3);
        await RecoverAsync(world);
        return (await StatusAsync(world)).Epoch;
    }

    public static async Task<PipelineStatus> StatusAsync(World world) =>
        (await world.ReadTopologyAsync())!.Pipelines.Single(static status => status.Specification.Pipeline == Pipeline);

    public static Machine MachineOf(World world, string device) => world.Machines.Single(machine => machine.Name == device);

    /// <summary>Where a grain is at the moment.</summary>
    public static Machine HostOf(World world, GrainId grainId) =>
        world.Machines.Single(machine => machine.Silo?.Address.Equals(world.Cluster.Directory.OwnerOf(grainId)) == true);

    private static async Task TellAsync(World world, Func<World, Task> story)
    {
        await SeedRun.StartAsync(world);
        var load = new ClientLoad(world);
        var clients = load.RunAsync();
        await RecoverAsync(world);
        await story(world);
        load.Stop();
        await clients;
        await world.FinishAsync();
    }
}
