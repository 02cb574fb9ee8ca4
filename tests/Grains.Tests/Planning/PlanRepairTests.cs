using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

public sealed class PlanRepairTests
{
    private static readonly PlanningDevice[] Devices = [.. "abc".Select(name => PlanningTasks.Device($"{name}", 400))];

    [Fact]
    public void Repair_WhenNothingIsLost_IsThePlanItself()
    {
        var task = PlanningTasks.Task(PlanningTasks.Model(12), Devices);
        var plan = PipelinePlanner.Plan(task).Plan!;

        PlanRepair.Repair(task, plan.Stages)!.Stages.ShouldBe(plan.Stages);
    }

    [Fact]
    public void Repair_WhenADeviceIsLost_PutsTheBestSpareInItsPlace()
    {
        var plan = PipelinePlanner.Plan(PlanningTasks.Task(PlanningTasks.Model(12), Devices)).Plan!;
        var task = PlanningTasks.Task(PlanningTasks.Model(12), [
            Devices[0], Devices[2], PlanningTasks.Device("slow", 9000, bandwidth: 1), PlanningTasks.Device("spare", 400),
            PlanningTasks.Device("small", 399, bandwidth: 100)]);

        PlanRepair.Repair(task, plan.Stages)!.Stages.Select(stage => stage.Device).ShouldBe(["a", "spare", "c"]);
    }

    [Fact]
    public void Repair_WhenNoSpareFits_IsNull()
    {
        var plan = PipelinePlanner.Plan(PlanningTasks.Task(PlanningTasks.Model(12), Devices)).Plan!;

        var task = PlanningTasks.Task(PlanningTasks.Model(12), [Devices[0], Devices[2], PlanningTasks.Device("small", 399)]);

        PlanRepair.Repair(task, plan.Stages).ShouldBeNull();
    }

    [Fact]
    public void Repair_WhenAKeptDeviceHasLessMemoryNow_IsNull()
    {
        var plan = PipelinePlanner.Plan(PlanningTasks.Task(PlanningTasks.Model(12), Devices)).Plan!;

        var task = PlanningTasks.Task(PlanningTasks.Model(12), [Devices[0], Devices[1], Devices[2] with { AvailableBytes = 399 }]);

        PlanRepair.Repair(task, plan.Stages).ShouldBeNull();
    }
}
