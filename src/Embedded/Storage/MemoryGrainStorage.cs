using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Embedded.Storage;

/// <summary>States of grains in the memory of a few grains of this engine, and so gone with their silos.</summary>
internal sealed class MemoryGrainStorage(string name, MemoryGrainStorageOptions options, IGrainFactory grains) : IGrainStorage
{
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

    public static void AddTo(IServiceCollection services, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configure)
    {
        configure?.Invoke(services.AddOptions<MemoryGrainStorageOptions>(name));
        services.AddKeyedSingleton<IGrainStorage>(name, (provider, _) => new MemoryGrainStorage(
            name,
            provider.GetRequiredService<IOptionsMonitor<MemoryGrainStorageOptions>>().Get(name),
            provider.GetRequiredService<IGrainFactory>()));
    }

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Apply(await StorageOf(grainId).ReadAsync(KeyOf(stateName, grainId)), grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(grainState.State, Json);
        grainState.ETag = await StorageOf(grainId).WriteAsync(KeyOf(stateName, grainId), content, grainState.ETag);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await StorageOf(grainId).ClearAsync(KeyOf(stateName, grainId), grainState.ETag);
        Apply(null, grainState);
    }

    private static void Apply<T>(StoredState? stored, IGrainState<T> grainState)
    {
        grainState.State = stored is null ? default : JsonSerializer.Deserialize<T>(stored.Content, Json);
        grainState.ETag = stored?.Etag;
        grainState.RecordExists = stored is not null;
    }

    private string KeyOf(string stateName, GrainId grainId) => $"{name}/{stateName}/{grainId}";

    private IMemoryStorageGrain StorageOf(GrainId grainId) =>
        grains.GetGrain<IMemoryStorageGrain>(grainId.Key.GetUniformHashCode() % options.NumStorageGrains);
}
