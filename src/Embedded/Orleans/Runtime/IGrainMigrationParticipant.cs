using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A grain that takes what it has in memory along when it moves to another silo.</summary>
public interface IGrainMigrationParticipant
{
    /// <summary>Called on the old silo, after deactivation.</summary>
    void OnDehydrate(IDehydrationContext dehydrationContext);

    /// <summary>Called on the new silo, before activation.</summary>
    void OnRehydrate(IRehydrationContext rehydrationContext);
}

/// <summary>What a grain takes along.</summary>
public interface IDehydrationContext
{
    /// <returns>False, and nothing added, where the key is taken or values of the type cannot be sent.</returns>
    bool TryAddValue<T>(string key, T? value);
}

/// <summary>What a grain has brought along.</summary>
public interface IRehydrationContext
{
    bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value);
}
