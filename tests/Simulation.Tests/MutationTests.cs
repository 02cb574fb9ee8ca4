using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;
using OrleansInference.Simulation.Tests.Checks;
using OrleansInference.Simulation.Tests.DataPlane;
using OrleansInference.Simulation.Tests.Stages;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests;

/// <summary>Plants what each invariant forbids, and sees that it is found; without it the same story holds.</summary>
public sealed class MutationTests
{
    [Fact]
    public void Stories_WhenNothingIsPlanted_HoldAllInvariants() => Steady.Run(async world =>
    {
        await Steady.RedeployAsync(world, slots: 3);
        await AskWithOldLeaseAsync(world);
        await AssignOldEpochAsync(world);
        await Steady.RedeployAsync(world, slots: 1);
        await Steady.RedeployAsync(world, slots: 3);
        await Steady.PassAsync(world, 180);
    }).Report.Requests["complete"].ShouldBeGreaterThan(100);

    [Fact]
    public void Epochs_WhenStagesKeepTheirOldRing_FramesAreFound() => Steady.Violate(async world =>
    {
        world.Request(world.Gateways.First(), Steady.Model, promptTokens: 8, maximumTokens: 200);
        await Steady.RedeployAsync(world, slots: 3);
    }, new Defects { KeepsOldRing = true }).Message.ShouldContain("took the frame of epoch");

    [Fact]
    public void Epochs_WhenAStageTakesAnOldAssignment_IsFound() => Steady
        .Violate(AssignOldEpochAsync, new Defects { TakesOldAssignments = true }).Message.ShouldContain("took the assignment of epoch");

    [Fact]
    public void Epochs_WhenAHeadTakesAnOldLease_IsFound() => Steady.Violate(async world =>
    {
        await Steady.RedeployAsync(world, slots: 3);
        await AskWithOldLeaseAsync(world);
    }, new Defects { TakesOldLeases = true }).Message.ShouldContain("took the lease of epoch");

    [Fact]
    public void Epochs_WhenOneGoesBack_IsFound() => Steady.Violate(async world =>
    {
        var epoch = await Steady.RedeployAsync(world, slots: 3);
        world.Cluster.Storage.Put("pipeline", Steady.PipelineGrain, "{}", new PipelineRecord { Epoch = epoch - 1 });
        await Steady.PassAsync(world, 1);
    }).Message.ShouldContain("went back");

    [Fact]
    public void Ready_WhenAHeadSkipsTheProof_IsFound() => Steady
        .Violate(world => Steady.PassAsync(world, 10), new Defects { SkipsProof = true }).Invariant.ShouldBe(WorldChecker.ProofInvariant);

    [Fact]
    public void Memory_WhenUnloadingFreesNone_IsFound() => Steady.Violate(async world =>
    {
        await Steady.RedeployAsync(world, slots: 3);
        await Steady.RedeployAsync(world, slots: 1);
    }, new Defects { LeaksMemory = true }).Invariant.ShouldBe(WorldChecker.MemoryInvariant);

    [Fact]
    public void Requests_WhenAHeadForgetsThem_AreFound() => Steady
        .Violate(world => Steady.PassAsync(world, 200), new Defects { ForgetsRequests = true }).Invariant.ShouldBe(WorldChecker.RequestInvariant);

    [Fact]
    public void Requests_WhenNobodyEndsThem_AreFound() => Steady.Violate(async world =>
    {
        world.Checker.Follow(new Clients.RequestRecord(0, Steady.Model, 1, 1, world.Cluster.Loop.Now));
        await Steady.PassAsync(world, 300);
    }).Invariant.ShouldBe(WorldChecker.RequestInvariant);

    [Fact]
    public void Answers_WhenTokensComeTwice_AreFound() => Steady
        .Violate(world => Steady.PassAsync(world, 30), new Defects { RepeatsTokens = true }).Invariant.ShouldBe(WorldChecker.AnswerInvariant);

    [Fact]
    public void Plans_WhenRingsBreakForNoReason_AreFound() => Steady
        .Violate(world => Steady.PassAsync(world, 400), new Defects { BreaksRings = true }).Invariant.ShouldBe(WorldChecker.PlanInvariant);

    [Fact]
    public void Activations_WhenTheDirectoryForgetsOne_AreFound() => Steady.Violate(async world =>
    {
        var bystander = world.Machines.First(machine => machine.Device is not null && machine != Steady.HostOf(world, Steady.ClusterGrain));
        world.Cluster.Directory.Remove(Steady.ClusterGrain);
        world.Kill(bystander);
        await Steady.PassAsync(world, 60);
    }).Invariant.ShouldBe("one activation");

    [Fact]
    public void Deployments_WhenStorageForgetsThem_AreFound() => Steady.Violate(async world =>
    {
        world.Cluster.Storage.Remove("deployments", Steady.ClusterGrain);
        world.Kill(Steady.HostOf(world, Steady.ClusterGrain));
        await Steady.PassAsync(world, 60);
    }).Invariant.ShouldBe(WorldChecker.DeploymentInvariant);

    [Fact]
    public void Recovery_WhenTheDevicesStayAway_IsMissed() => Steady.Violate(async world =>
    {
        foreach (var machine in world.Machines.Where(static machine => machine.Device is not null).Skip(1))
        {
            machine.RestartAt = TimeSpan.MaxValue;
            world.Kill(machine);
        }
        await Steady.PassAsync(world, 5);
        await Steady.RecoverAsync(world);
    }).Invariant.ShouldBe(WorldChecker.RecoveryInvariant);

    private static async Task AssignOldEpochAsync(World world)
    {
        var stages = world.Machines.First(static machine => machine.Device is not null).Stages!;
        var assignment = new StageAssignment(
            "other/0", Steady.Model, Epoch: 7, Stage: 0, StageCount: 2, FirstLayer: 0, EndLayer: 1, stages.Device.Name, SlotCount: 1,
            CellCount: 16, ContextLength: 16, MaximumBatchRows: 16, QueueLength: 4);
        stages.Load(assignment);
        try
        {
            stages.Load(assignment with { Epoch = 6 });
        }
        catch (ShardUnavailableException)
        {
            // As it should be.
        }
        await stages.UnloadAsync("other/0", 0, long.MaxValue);
    }

    private static async Task AskWithOldLeaseAsync(World world)
    {
        var status = await Steady.StatusAsync(world);
        var gateway = world.Gateways.First().Silo!.Process;
        var hello = new LinkHello(LinkRole.Generation, Steady.Pipeline, status.Epoch - 1, 0);
        try
        {
            var link = await world.DataPlane.OpenAsync(gateway, status.HeadEndpoint!, hello, CancellationToken.None);
            link.Send(new GenerateFrame(Seed: 1, PromptTokens: 1, MaximumTokens: 1, ChunkRows: 1));
            await Steady.PassAsync(world, 1);
            link.Close("the test is over");
        }
        catch (LinkException)
        {
            // As it should be.
        }
    }
}
