using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Simulation.Tests.Checks;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Faults;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests.Runs;

/// <summary>The story of one seed: a cluster starts and serves, faults happen, they stop, and everything must be well again.</summary>
internal sealed class SeedRun(World world)
{
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <exception cref="SimulationException">What was found; the message says how to see it again.</exception>
    public static (string Hash, RunReport Report) Run(int seed, TextWriter? trace = null)
    {
        var world = new World(seed, Scenario.Draw(seed), trace);
        try
        {
            return (new SeedRun(world).Run(), world.Report);
        }
        catch (Exception exception)
        {
            var found = exception is SimulationException ? exception.Message : exception.ToString();
            throw new SimulationException(
                $"Seed {seed} failed at {world.Cluster.Loop.Now} of virtual time: {found}\nSee it again: ./test --simulate-seed {seed}", exception);
        }
    }

    /// <summary>Runs the whole story; returns the hash of all that happened.</summary>
    public string Run()
    {
        world.Cluster.Run(TellAsync, Limit);
        world.Checker.CheckAllEnded();
        world.Cluster.Loop.RunFor(TimeSpan.Zero);
        world.Checker.AddTo(world.Report);
        RunReport.Count(world.Report.Faults, "late frames", world.Cluster.Network.Weather.Spikes);
        RunReport.Count(world.Report.Faults, "overtaking frames", world.Cluster.Network.Overtaking);
        world.Report.AddRun(world.Cluster.Loop.Now, world.Cluster.Loop.Steps);
        return world.Cluster.Loop.Log.Hash;
    }

    private async Task TellAsync()
    {
        await StartAsync(world);
        var load = new ClientLoad(world);
        var clients = load.RunAsync();
        await new FaultInjector(world).RunAsync(world.Scenario.StormDuration);
        world.Cluster.Loop.Log.Add("story", "the storm is over");
        await RecoverAsync(world, RecoveryLimit);
        world.Cluster.Loop.Log.Add("story", "all pipelines are ready");
        await Task.Delay(world.Scenario.CalmDuration, world.Time);
        await RecoverAsync(world, TimeSpan.FromSeconds(10));
        load.Stop();
        await clients;
        await world.FinishAsync();
    }

    /// <summary>Starts every machine and deploys every model.</summary>
    public static async Task StartAsync(World world)
    {
        foreach (var machine in world.Machines)
        {
            _ = world.StartAsync(machine);
            await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(200)), world.Time);
        }
        _ = world.SuperviseAsync();
        world.Cluster.Storage.WritesToFail = world.Random.Next(3);
        foreach (var deployment in world.Scenario.Deployments())
            await world.DeployAsync(deployment);
    }

    /// <summary>Waits until every pipeline is ready.</summary>
    public static async Task RecoverAsync(World world, TimeSpan limit)
    {
        var until = world.Cluster.Loop.Now + limit;
        var states = "";
        while (world.Cluster.Loop.Now < until)
        {
            var topology = await world.ReadTopologyAsync();
            var wanted = world.Scenario.Models.Length * world.Scenario.Replicas;
            if (topology is not null && topology.Pipelines.Count(static status => status.State == PipelineState.Ready) == wanted)
            {
                world.CheckDeployments(topology);
                return;
            }
            states = Describe(topology);
            await Task.Delay(Pace, world.Time);
        }
        world.Checker.Fail(WorldChecker.RecoveryInvariant, $"{limit} after the last fault not all pipelines are ready: {states}");
        await Task.Delay(Pace, world.Time);
    }

    private static string Describe(ClusterTopology? topology) => topology is null
        ? "the cluster grain does not answer"
        : string.Join("; ", topology.Pipelines.Select(static status =>
            $"{status.Specification.Pipeline} epoch {status.Epoch} {status.State}: {status.Reason}"));
}
