namespace OrleansInference.Grains.Planning;

/// <summary>Exactly one of the two is set.</summary>
public sealed record PlanningOutcome(PipelinePlan? Plan, PlanRefusal? Refusal);

/// <summary>Why no plan fits.</summary>
/// <param name="Message">For people: what is needed, what there is, device by device.</param>
public sealed record PlanRefusal(string Message, long NeededBytes, long AvailableBytes);
