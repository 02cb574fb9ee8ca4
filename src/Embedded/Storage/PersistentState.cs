using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Core;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Embedded.Storage;

/// <summary>A state that is there before its grain is activated.</summary>
internal interface IActivationState : IGrainMigrationParticipant
{
    /// <summary>Reads the state, unless the grain has brought it along from another silo.</summary>
    Task StartAsync();
}

internal static class PersistentState
{
    private const string DefaultStorage = "Default";

    /// <param name="type">Of the constructor's parameter.</param>
    public static IActivationState Create(Type type, PersistentStateAttribute attribute, IGrainContext context)
    {
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new OrleansConfigurationException($"[PersistentState] stands on an IPersistentState<T>, and not on a {type}.");
        var name = attribute.StorageName ?? DefaultStorage;
        var storage = context.ActivationServices.GetKeyedService<IGrainStorage>(name)
            ?? throw new OrleansConfigurationException(
                $"There is no grain storage \"{name}\" for the state \"{attribute.StateName}\" of grain {context.GrainId}.");
        return (IActivationState)Activator.CreateInstance(
            typeof(PersistentState<>).MakeGenericType(type.GetGenericArguments()), attribute.StateName, context.GrainId, storage)!;
    }
}

internal sealed class PersistentState<T>(string name, GrainId grainId, IGrainStorage storage)
    : IPersistentState<T>, IGrainState<T>, IActivationState
{
    private readonly string _migrationKey = $"state/{name}";
    private bool _isBroughtAlong;

    /// <summary>A new one where none is stored.</summary>
    [AllowNull]
    public T State
    {
        get => field ??= Activator.CreateInstance<T>();
        set;
    }

    public string? ETag { get; set; }

    public bool RecordExists { get; set; }

    string? IStorage.Etag => ETag;

    public Task ReadStateAsync() => storage.ReadStateAsync(name, grainId, this);

    public Task WriteStateAsync() => storage.WriteStateAsync(name, grainId, this);

    public Task ClearStateAsync() => storage.ClearStateAsync(name, grainId, this);

    public Task StartAsync() => _isBroughtAlong ? Task.CompletedTask : ReadStateAsync();

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue(_migrationKey, (State, ETag));

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<(T State, string? ETag)>(_migrationKey, out var carried))
            (State, ETag, RecordExists, _isBroughtAlong) = (carried.State, carried.ETag, carried.ETag is not null, true);
    }
}
