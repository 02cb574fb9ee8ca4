using System.Collections.Immutable;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Pipelines;

/// <summary>Which plan a pipeline should have, given what it has. Pure; exactly one of plan and refusal is set.</summary>
/// <param name="IsMove">Whether the plan is worth leaving the present one, which still holds.</param>
internal sealed record PlanDecision(PipelinePlan? Plan, PlanRefusal? Refusal, bool IsMove)
{
    /// <param name="presentStages">Stages of the present plan, for which the mended plan keeps as much as it can; may be empty.</param>
    /// <param name="suspects">
    /// Devices to leave out if there is a plan without them; as many of the first are taken again as a plan needs.
    /// </param>
    public static PlanDecision Of(
        PipelineSpecification specification, ModelProfile model, ImmutableArray<DeviceOffer> offers,
        ImmutableArray<PlacedStage> presentStages, ImmutableArray<string> suspects, PlanningOptions options)
    {
        var all = offers.Select(static offer => ToDevice(offer)).ToImmutableArray();
        var elsewhere = offers.Where(static offer => offer.HoldsReplica).Select(static offer => offer.Registration.Profile.Name)
            .Except(presentStages.Select(static stage => stage.Device), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var leftOut = suspects;
        var (task, outcome) = Plan();
        while (outcome.Plan is null && !leftOut.IsEmpty)
        {
            leftOut = leftOut.RemoveAt(0);
            (task, outcome) = Plan();
        }
        if (outcome.Plan is not { } best)
            return new PlanDecision(null, outcome.Refusal, IsMove: false);
        var mended = presentStages.IsEmpty ? null : PlanRepair.Repair(task, [.. presentStages.Select(ToPlanned)]);
        if (mended is null || options.ReplanPolicy.IsClearlyBetter(mended.Cost, best.Cost))
            return new PlanDecision(best, null, IsMove: true);
        return new PlanDecision(mended, null, IsMove: false);

        (PlanningTask, PlanningOutcome) Plan()
        {
            var devices = all.RemoveAll(device => leftOut.Contains(device.Name));
            var task = new PlanningTask(model, CellCount(specification, model), devices, options.Links, options.Objective);
            var outcome = PipelinePlanner.Plan(task);
            // Replicas on one device share its speed and die together, so they do only where apart they took more stages.
            var apart = task with { Devices = devices.RemoveAll(device => elsewhere.Contains(device.Name)) };
            if (outcome.Plan is null || apart.Devices.Length == devices.Length)
                return (task, outcome);
            var outcomeApart = PipelinePlanner.Plan(apart);
            return outcomeApart.Plan?.Stages.Length <= outcome.Plan.Stages.Length ? (apart, outcomeApart) : (task, outcome);
        }
    }

    /// <summary>As <see cref="Of"/>, for a pipeline that serves: no device is worth a try that has just failed.</summary>
    public static PlanDecision OfServing(
        PipelineSpecification specification, ModelProfile model, ImmutableArray<DeviceOffer> offers,
        ImmutableArray<PlacedStage> presentStages, ImmutableArray<string> suspects, PlanningOptions options)
    {
        var trusted = offers.RemoveAll(offer => suspects.Contains(offer.Registration.Profile.Name)
            && presentStages.All(stage => stage.Device != offer.Registration.Profile.Name));
        return Of(specification, model, trusted, presentStages, [], options);
    }

    /// <summary>Positions that one sequence may take: what was asked for, as far as the model goes.</summary>
    public static int ContextLength(PipelineSpecification specification, ModelProfile model) =>
        specification.ContextLength == 0 ? model.ContextLength : Math.Min(specification.ContextLength, model.ContextLength);

    /// <summary>Every slot may fill its context. No memory holds more than is cut off at the end of the range.</summary>
    public static int CellCount(PipelineSpecification specification, ModelProfile model) =>
        (int)Math.Min((long)specification.SlotCount * ContextLength(specification, model), int.MaxValue);

    private static PlanningDevice ToDevice(DeviceOffer offer)
    {
        var profile = offer.Registration.Profile;
        return new PlanningDevice(
            profile.Name, profile.Zone, profile.MemoryBytes - offer.CommittedBytes, profile.BandwidthGigabytesPerSecond);
    }

    private static PlannedStage ToPlanned(PlacedStage stage) => new(stage.Device, stage.FirstLayer, stage.EndLayer, stage.Bytes);
}
