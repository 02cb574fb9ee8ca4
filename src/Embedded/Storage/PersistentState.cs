using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Embedded.Storage;

/// <summary>A state that is read before its grain is activated.</summary>
internal interface IActivationState
{
    /// <summary>Whether the grain has brought the state along from another silo.</summary>
    bool IsRead { get; }

    Task ReadStateAsync();

    void Dehydrate(IDehydrationContext context);

    void Rehydrate(IRehydrationContext context);
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

internal sealed class PersistentState<T>(string name, GrainId grainId, IGrainStorage storage) : IPersistentState<T>, IActivationState
{
    private readonly GrainState _record = new();
    private readonly string _migrationKey = $"state/{name}";

    public T State
    {
        get => _record.State!;
        set => _record.State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    public bool IsRead { get; private set; }

    public async Task ReadStateAsync()
    {
        await storage.ReadStateAsync(name, grainId, _record);
        EnsureState();
    }

    public Task WriteStateAsync() => storage.WriteStateAsync(name, grainId, _record);

    public async Task ClearStateAsync()
    {
        await storage.ClearStateAsync(name, grainId, _record);
        EnsureState();
    }

    public void Dehydrate(IDehydrationContext context)
    {
        if (context.TryAddValue(_migrationKey, State))
            context.TryAddValue($"{_migrationKey}/tag", Etag ?? "");
    }

    public void Rehydrate(IRehydrationContext context)
    {
        if (!context.TryGetValue<T>(_migrationKey, out var state) || !context.TryGetValue<string>($"{_migrationKey}/tag", out var tag))
            return;
        _record.State = state;
        _record.ETag = tag.Length > 0 ? tag : null;
        _record.RecordExists = tag.Length > 0;
        IsRead = true;
    }

    private void EnsureState()
    {
        if (!_record.RecordExists || _record.State is null)
            _record.State = Activator.CreateInstance<T>();
    }

    private sealed class GrainState : IGrainState<T>
    {
        public T? State { get; set; }

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }
    }
}
