using Orleans.Core;

namespace Orleans.Runtime;

/// <summary>State of a grain that outlives its activation; read before the grain is activated.</summary>
public interface IPersistentState<TState> : IStorage<TState>;

/// <summary>Injects the state of a name from the grain storage of a name (without one: the default storage).</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute : Attribute
{
    public PersistentStateAttribute(string stateName, string? storageName = null)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        StateName = stateName;
        StorageName = storageName;
    }

    public string StateName { get; }

    public string? StorageName { get; }
}
