using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Core;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Embedded.Storage;

/// <summary>A state that is there before its grain is activated.</summary>
internal interface IActivationState
{
    /// <summary>Takes the state from what the grain has brought along from another silo. False, and nothing done, where it has not.</summary>
    bool TryRehydrate(IRehydrationContext context);

    Task ReadStateAsync();

    void Dehydrate(IDehydrationContext context);
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

    public bool TryRehydrate(IRehydrationContext context)
    {
        if (!context.TryGetValue<(T State, string? ETag)>(_migrationKey, out var carried))
            return false;
        (State, ETag, RecordExists) = (carried.State, carried.ETag, carried.ETag is not null);
        return true;
    }

    public void Dehydrate(IDehydrationContext context) => context.TryAddValue(_migrationKey, (State, ETag));
}
