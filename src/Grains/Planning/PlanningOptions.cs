using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Planning;

/// <summary>What plans aim at.</summary>
public sealed class PlanningOptions
{
    public const string Section = "Planning";

    /// <summary>What to be best at, among the plans with the fewest devices. Default: latency.</summary>
    [EnumDataType(typeof(PlanningObjective))]
    public PlanningObjective Objective { get; set; } = PlanningObjective.Latency;

    /// <summary>Round trip between devices of one zone. Default 200 µs.</summary>
    [Range(0, 10_000_000)]
    public int SameZoneRoundTripMicroseconds { get; set; } = 200;

    /// <summary>Round trip between devices of different zones. Default 20 ms.</summary>
    [Range(0, 10_000_000)]
    public int CrossZoneRoundTripMicroseconds { get; set; } = 20_000;

    /// <summary>By how much a new plan must be better before a working pipeline moves. Default 20 %.</summary>
    [Range(1, 90)]
    public int ReplanMarginPercent { get; set; } = 20;

    /// <summary>Least time between a plan and a better one. Default 5 minutes.</summary>
    [Range(1, 86_400)]
    public int ReplanCoolDownSeconds { get; set; } = 300;

    public LinkCosts Links =>
        new(TimeSpan.FromMicroseconds(SameZoneRoundTripMicroseconds), TimeSpan.FromMicroseconds(CrossZoneRoundTripMicroseconds));

    public ReplanPolicy ReplanPolicy => new(ReplanMarginPercent / 100.0, TimeSpan.FromSeconds(ReplanCoolDownSeconds), Objective);
}
