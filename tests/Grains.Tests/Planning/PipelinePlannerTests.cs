using System.Collections.Immutable;
using System.Diagnostics;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

public sealed class PipelinePlannerTests(ITestOutputHelper output)
{
    [Fact]
    public void Plan_WhenOneDeviceHoldsTheModel_DoesNotSplit()
    {
        var plan = PlanOf(PlanningTasks.Task(PlanningTasks.Model(10), [
            PlanningTasks.Device("fast-a", 500, bandwidth: 1000), PlanningTasks.Device("fast-b", 500, bandwidth: 1000),
            PlanningTasks.Device("slow", 1000, bandwidth: 1)]));

        plan.Stages.ShouldBe([new PlannedStage("slow", 0, 10, 1000)]);
    }

    [Fact]
    public void Plan_WhenSeveralHoldTheModel_TakesTheFastest()
    {
        var plan = PlanOf(PlanningTasks.Task(PlanningTasks.Model(10), [
            PlanningTasks.Device("a", 5000, bandwidth: 10), PlanningTasks.Device("b", 1000, bandwidth: 20),
            PlanningTasks.Device("c", 5000, bandwidth: 40) with { CapacityFactor = 0.4 }]));

        plan.Stages.Single().Device.ShouldBe("b");
    }

    [Fact]
    public void Plan_WhenStagesCarryEmbeddingHeadAndKv_CountsThem()
    {
        // 4 layers of 100 + 10 cells × 5 = 150 each; embeddings 70 on the first stage, head 30 on the last.
        var model = PlanningTasks.Model(4, layerBytes: 100, embeddingBytes: 70, headBytes: 30, kvBytesPerTokenPerLayer: 5);

        var plan = PlanOf(PlanningTasks.Task(model, [PlanningTasks.Device("a", 370), PlanningTasks.Device("b", 330)], cells: 10));
        var refusal = RefusalOf(PlanningTasks.Task(model, [PlanningTasks.Device("a", 369), PlanningTasks.Device("b", 330)], cells: 10));

        plan.Stages.ShouldBe([new PlannedStage("a", 0, 2, 370), new PlannedStage("b", 2, 4, 330)]);
        refusal.NeededBytes.ShouldBe(700);
        refusal.AvailableBytes.ShouldBe(699);
    }

    [Fact]
    public void Plan_WhenTheLastStageCarriesTheHead_GivesItNoFewerLayersForATimeThatTheHeadDoesNotTake()
    {
        // TinyLlama-1.1B in Q4_0: the head has the bytes of 2.2 layers.
        var model = PlanningTasks.Model(22, layerBytes: 24_784_896, embeddingBytes: 36_864_000, headBytes: 53_768_192);

        var plan = PlanOf(PlanningTasks.Task(model, [PlanningTasks.Device("a", 400_000_000), PlanningTasks.Device("b", 400_000_000)]));

        plan.Stages.Select(stage => (stage.FirstLayer, stage.EndLayer)).ShouldBe([(0, 11), (11, 22)]);
    }

    [Fact]
    public void Plan_WhenDevicesStandInTwoZones_StaysInOne()
    {
        var plan = PlanOf(PlanningTasks.Task(PlanningTasks.Model(10, layerBytes: 1000), [
            PlanningTasks.Device("a", 6000, bandwidth: 100, zone: "cloud"), PlanningTasks.Device("b", 6000, zone: "home"),
            PlanningTasks.Device("c", 6000, zone: "home")]));

        plan.Stages.Select(stage => stage.Device).ShouldBe(["b", "c"]);
    }

    [Fact]
    public void Plan_WhenAllDevicesAreEqual_TakesThemInNameOrderWithEvenStages()
    {
        var names = new[] { "delta", "alpha", "charlie", "echo", "bravo" };

        var plan = PlanOf(PlanningTasks.Task(
            PlanningTasks.Model(12, layerBytes: 1_000_000), names.Select(name => PlanningTasks.Device(name, 5_000_000))));

        plan.Stages.Select(stage => stage.Device).ShouldBe(["alpha", "bravo", "charlie"]);
        plan.Stages.Select(stage => stage.EndLayer - stage.FirstLayer).ShouldBe([4, 4, 4]);
    }

    [Fact]
    public void Plan_WhenThroughputIsWanted_MakesTheSlowestStageFast()
    {
        PlanningDevice[] devices = [
            PlanningTasks.Device("a", 9_000_000, bandwidth: 30), PlanningTasks.Device("b", 9_000_000, bandwidth: 10)];
        var smaller = devices.Select(device => device with { AvailableBytes = 8_000_000 });
        var model = PlanningTasks.Model(12, layerBytes: 1_000_000);

        var latency = PlanOf(PlanningTasks.Task(model, devices));
        var throughput = PlanOf(PlanningTasks.Task(model, devices, objective: PlanningObjective.Throughput));

        latency.Stages.Select(stage => stage.EndLayer - stage.FirstLayer).ShouldBe([9, 3]);
        throughput.Cost.SlowestStagePicoseconds.ShouldBe(300_000_000);
        PlanOf(PlanningTasks.Task(model, smaller, objective: PlanningObjective.Throughput))
            .Stages.Select(stage => stage.EndLayer - stage.FirstLayer).ShouldBe([8, 4]);
    }

    [Fact]
    public void Plan_ForRandomSmallCases_IsAsGoodAsBruteForceAndNeverExceedsMemory()
    {
        var planned = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            var task = PlanningTasks.Random(seed);
            var outcome = PipelinePlanner.Plan(task);
            var best = BruteForcePlanner.BestCost(task);
            (outcome.Plan is null).ShouldBe(best is null, $"seed {seed}");
            (outcome.Refusal is null).ShouldBe(best is not null, $"seed {seed}");
            if (outcome.Plan is null)
                continue;
            planned++;
            outcome.Plan.Cost.StageCount.ShouldBe(best!.Value.StageCount, $"seed {seed}");
            outcome.Plan.Cost.Of(task.Objective).ShouldBe(best.Value.Of(task.Objective), $"seed {seed}");
            if (task.Objective == PlanningObjective.Throughput)
                outcome.Plan.Cost.LatencyPicoseconds.ShouldBe(best.Value.LatencyPicoseconds, $"seed {seed}");
            ShouldBeSound(task, outcome.Plan, $"seed {seed}");
        }
        planned.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void Plan_WhenTheInputIsInAnotherOrder_IsTheSame()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var task = PlanningTasks.Random(seed, maximumDevices: 8, maximumLayers: 20);
            var shuffled = task.Devices.ToArray();
            new Random(seed).Shuffle(shuffled);

            var plan = PipelinePlanner.Plan(task).Plan;
            var other = PipelinePlanner.Plan(task with { Devices = [.. shuffled] }).Plan;

            (other?.Stages.ToArray()).ShouldBe(plan?.Stages.ToArray(), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(PlanningObjective.Latency)]
    [InlineData(PlanningObjective.Throughput)]
    public void Plan_WhenTwelveDevicesMustShareEightyLayers_TakesLittleTime(PlanningObjective objective)
    {
        var random = new Random(7);
        var devices = Enumerable.Range(0, 12).Select(index => PlanningTasks.Device(
            $"device-{index:00}", 7_000_000 + random.Next(600_000), random.Next(10, 1000), $"zone-{index % 4}"));
        var task = PlanningTasks.Task(PlanningTasks.Model(80, layerBytes: 1_000_000), devices, objective: objective);

        var watch = Stopwatch.StartNew();
        var plan = PlanOf(task);
        output.WriteLine($"12 devices, 80 layers, {objective}: {watch.ElapsedMilliseconds} ms");

        plan.Stages.Length.ShouldBe(12);
        ShouldBeSound(task, plan, "12 × 80");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Plan_WhenThereAreThousandsOfDevices_IsBoundedAndSound()
    {
        var random = new Random(11);
        var devices = Enumerable.Range(0, 10_000).Select(index => PlanningTasks.Device(
            $"device-{index:0000}", random.Next(1, 30) * 1_000_000, random.Next(10, 1000), $"zone-{index % 50}")).ToArray();
        var task = PlanningTasks.Task(PlanningTasks.Model(80, layerBytes: 1_000_000), devices);

        var watch = Stopwatch.StartNew();
        var plan = PlanOf(task);
        output.WriteLine($"10,000 devices, 80 layers: {watch.ElapsedMilliseconds} ms");

        plan.Stages.Length.ShouldBe(3);
        plan.Stages.Select(stage => devices.Single(device => device.Name == stage.Device).Zone).Distinct().Count().ShouldBe(1);
        ShouldBeSound(task, plan, "10,000 devices");
    }

    [Fact]
    public void Plan_WhenMoreThanTwelveDevicesAreNeeded_ChainsThem()
    {
        var devices = Enumerable.Range(0, 30).Select(index => PlanningTasks.Device($"device-{index:00}", 400, zone: $"zone-{index % 3}"));
        var task = PlanningTasks.Task(PlanningTasks.Model(80, layerBytes: 100), devices);

        var plan = PlanOf(task);

        plan.Stages.Length.ShouldBe(20);
        ShouldBeSound(task, plan, "30 devices");
    }

    [Fact]
    public void Plan_WhenMemoryIsMissing_SaysHowMuchIsNeededAndThere()
    {
        var model = PlanningTasks.Model(10, layerBytes: 100_000_000, kvBytesPerTokenPerLayer: 1_000);

        var refusal = RefusalOf(PlanningTasks.Task(model, [
            PlanningTasks.Device("jetson", 500_000_000), PlanningTasks.Device("pi", 200_000_000)], cells: 2_000));

        refusal.Message.ShouldBe(
            "model needs 1,020 MB (1,000 MB weights, 20 MB for 2000 KV cells); "
            + "2 devices offer 700 MB (jetson 500 MB, pi 200 MB); 320 MB are missing.");
        refusal.NeededBytes.ShouldBe(1_020_000_000);
        refusal.AvailableBytes.ShouldBe(700_000_000);
    }

    [Fact]
    public void Plan_WhenMemoryIsThereButLayersDoNotDivide_SaysHowFarItReaches()
    {
        var refusal = RefusalOf(PlanningTasks.Task(PlanningTasks.Model(4), [
            PlanningTasks.Device("a", 199), PlanningTasks.Device("b", 199), PlanningTasks.Device("c", 199)]));

        refusal.Message.ShouldContain("3 of 4 layers find a place");
    }

    [Fact]
    public void Plan_WhenNoDeviceIsUsable_SaysSo()
    {
        RefusalOf(PlanningTasks.Task(PlanningTasks.Model(4), [])).Message.ShouldContain("no device offers memory");
        var useless = new[] { PlanningTasks.Device("a", 0), PlanningTasks.Device("b", 900) with { CapacityFactor = 0 } };
        RefusalOf(PlanningTasks.Task(PlanningTasks.Model(4), useless)).Message.ShouldContain("no device offers memory");
    }

    [Fact]
    public void Plan_WhenTheTaskContradictsItself_NamesTheContradiction()
    {
        var model = PlanningTasks.Model(4);

        Should.Throw<ArgumentException>(() => PipelinePlanner.Plan(PlanningTasks.Task(model with { LayerCount = 5 }, [])))
            .Message.ShouldContain("5 layers but sizes of 4");
        var twice = new[] { PlanningTasks.Device("a", 1), PlanningTasks.Device("a", 2) };
        Should.Throw<ArgumentException>(() => PipelinePlanner.Plan(PlanningTasks.Task(model, twice)))
            .Message.ShouldContain("a is a candidate twice");
    }

    private static void ShouldBeSound(PlanningTask task, PipelinePlan plan, string because)
    {
        var stages = plan.Stages.Select(stage => new BruteForcePlanner.Stage(
            task.Devices.Single(device => device.Name == stage.Device), stage.FirstLayer, stage.EndLayer)).ToImmutableArray();
        stages[0].First.ShouldBe(0, because);
        stages[^1].End.ShouldBe(task.Model.LayerCount, because);
        stages.Select(stage => stage.Device).Distinct().Count().ShouldBe(stages.Length, because);
        for (var index = 0; index < stages.Length; index++)
        {
            if (index > 0)
                stages[index].First.ShouldBe(stages[index - 1].End, because);
            var bytes = BruteForcePlanner.BytesOf(task, stages[index].First, stages[index].End);
            bytes.ShouldBeLessThanOrEqualTo(stages[index].Device.AvailableBytes, because);
            plan.Stages[index].Bytes.ShouldBe(bytes, because);
        }
        plan.Cost.ShouldBe(BruteForcePlanner.CostOf(task, stages), because);
    }

    private static PipelinePlan PlanOf(PlanningTask task)
    {
        var outcome = PipelinePlanner.Plan(task);
        outcome.Refusal.ShouldBeNull();
        return outcome.Plan.ShouldNotBeNull();
    }

    private static PlanRefusal RefusalOf(PlanningTask task)
    {
        var outcome = PipelinePlanner.Plan(task);
        outcome.Plan.ShouldBeNull();
        return outcome.Refusal.ShouldNotBeNull();
    }
}
