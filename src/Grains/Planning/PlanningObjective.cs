namespace OrleansInference.Grains.Planning;

/// <summary>What the best of the plans with the fewest devices is.</summary>
public enum PlanningObjective
{
    /// <summary>The least time of a token round the ring: all stages and all hops.</summary>
    Latency,

    /// <summary>The fastest slowest stage, which bounds the tokens per second of many sequences; then the least latency.</summary>
    Throughput,
}
