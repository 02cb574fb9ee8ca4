using System.Collections.Immutable;

namespace OrleansInference.Grains.Planning;

/// <summary>
/// Cuts a model over devices: never more than a device's memory, the fewest devices first, then the objective. Exact up to
/// <see cref="ExactSearch.MaximumDevices"/> candidates, a bounded heuristic beyond. The order of the candidates does not matter.
/// </summary>
public static class PipelinePlanner
{
    /// <exception cref="ArgumentException">The task contradicts itself; the message says where.</exception>
    public static PlanningOutcome Plan(PlanningTask task)
    {
        Validate(task);
        var usable = task.Devices.Where(static device => device.IsUsable).ToImmutableArray();
        if (usable.IsEmpty)
            return Refuse(task, usable, reachableLayers: 0);
        var (plan, reachableLayers) =
            usable.Length <= ExactSearch.MaximumDevices ? FindExact(task, usable) : WideSearch.FindPlan(task, usable);
        return plan is null ? Refuse(task, usable, reachableLayers) : new PlanningOutcome(plan, null);
    }

    private static (PipelinePlan? Plan, int ReachableLayers) FindExact(PlanningTask task, ImmutableArray<PlanningDevice> devices)
    {
        var search = new ExactSearch(task, devices);
        return (search.FindPlan(), search.ReachableLayers);
    }

    private static PlanningOutcome Refuse(PlanningTask task, ImmutableArray<PlanningDevice> usable, int reachableLayers) =>
        new(null, PlanRefusals.Describe(task, usable, reachableLayers));

    internal static void Validate(PlanningTask task)
    {
        var model = task.Model;
        if (model.LayerCount < 1 || model.LayerBytes.Length != model.LayerCount)
            throw new ArgumentException($"{model.Model} has {model.LayerCount} layers but sizes of {model.LayerBytes.Length}.");
        if (model.LayerBytes.Any(static bytes => bytes < 0) || model.EmbeddingBytes < 0 || model.HeadBytes < 0)
            throw new ArgumentException($"{model.Model} has parts of negative size.", nameof(task));
        if (task.CellCount < 0)
            throw new ArgumentException($"{task.CellCount} KV cells are asked for; the least is 0.", nameof(task));
        var duplicate = task.Devices.GroupBy(static device => device.Name, StringComparer.Ordinal)
            .FirstOrDefault(static devices => devices.Count() > 1);
        if (duplicate is not null)
            throw new ArgumentException($"Device {duplicate.Key} is a candidate twice.", nameof(task));
    }
}
