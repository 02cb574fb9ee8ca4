using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans.Concurrency;

/// <summary>Calls to the grain may run interleaved at their awaits.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;

/// <summary>The method may run interleaved with whatever the grain runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>The caller does not wait for the method, and does not learn of its failure.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>The grain may have several activations, each on the silo that calls.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute : PlacementAttribute
{
    public StatelessWorkerAttribute() : base(new StatelessWorkerPlacement())
    {
    }

    public StatelessWorkerAttribute(int maxLocalWorkers) : base(new StatelessWorkerPlacement(maxLocalWorkers))
    {
    }
}
