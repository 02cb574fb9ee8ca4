using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Activations;

/// <summary>The activations that one stateless worker grain has on this silo.</summary>
internal sealed class StatelessWorkers(GrainClass grainClass)
{
    private readonly Lock _lock = new();
    private readonly List<Activation> _activations = [];

    public GrainClass Class => grainClass;

    public IReadOnlyList<Activation> All
    {
        get
        {
            lock (_lock)
                return [.. _activations];
        }
    }

    /// <summary>An idle activation; else a new one while there may be more; else the least busy one.</summary>
    public Activation Choose(Func<Activation> create)
    {
        lock (_lock)
        {
            var least = _activations.MinBy(activation => activation.Load);
            if (least is not null && (_activations.Count >= grainClass.MaximumLocalWorkers || least.Load == 0))
                return least;
            var created = create();
            _activations.Add(created);
            return created;
        }
    }

    public void Remove(Activation activation)
    {
        lock (_lock)
            _activations.Remove(activation);
    }
}
