namespace OrleansInference.Grains.Planning;

/// <summary>
/// Damps replanning: moving layers costs more than a slightly better plan gains, and two plans that take turns gain nothing. A lost
/// device is no matter of this policy: its layers must go somewhere at once, so the cool-down is not asked.
/// </summary>
/// <param name="Margin">Share by which a new plan must be better, 0 to 1.</param>
/// <param name="CoolDown">Least time between a plan and the next better one.</param>
public sealed record ReplanPolicy(double Margin, TimeSpan CoolDown, PlanningObjective Objective)
{
    /// <summary>Whether the last plan is old enough to be left for a better one.</summary>
    public bool HasCooledDown(TimeSpan sinceLastPlan) => sinceLastPlan >= CoolDown;

    /// <summary>Fewer stages are clearly better, more are not; otherwise the objective decides, by the margin.</summary>
    public bool IsClearlyBetter(PlanCost current, PlanCost candidate) => candidate.StageCount != current.StageCount
        ? candidate.StageCount < current.StageCount
        : candidate.Of(Objective) < current.Of(Objective) * (1 - Margin);
}
