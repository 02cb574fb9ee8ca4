using Orleans;
using Orleans.Configuration;
using Orleans.Storage;

namespace OrleansInference.Embedded.Storage;

/// <summary>Holds states of other grains. Key: a number below <see cref="MemoryGrainStorageOptions.NumStorageGrains"/>.</summary>
internal interface IMemoryStorageGrain : IGrainWithIntegerKey
{
    Task<StoredState?> ReadAsync(string key);

    /// <returns>The tag of the version written.</returns>
    Task<string> WriteAsync(string key, byte[] content, string? etag);

    Task ClearAsync(string key, string? etag);
}

[GenerateSerializer, Immutable]
internal sealed record StoredState(byte[] Content, string Etag);

[KeepAlive, GrainType("embedded.memory-storage")]
internal sealed class MemoryStorageGrain : Grain, IMemoryStorageGrain
{
    private readonly Dictionary<string, StoredState> _states = new(StringComparer.Ordinal);

    public Task<StoredState?> ReadAsync(string key) => Task.FromResult(_states.GetValueOrDefault(key));

    public Task<string> WriteAsync(string key, byte[] content, string? etag)
    {
        Check(key, etag);
        var stored = new StoredState(content, Guid.NewGuid().ToString("N"));
        _states[key] = stored;
        return Task.FromResult(stored.Etag);
    }

    public Task ClearAsync(string key, string? etag)
    {
        Check(key, etag);
        _states.Remove(key);
        return Task.CompletedTask;
    }

    private void Check(string key, string? etag)
    {
        var stored = _states.GetValueOrDefault(key)?.Etag;
        if (stored != etag)
            throw new InconsistentStateException($"The state {key} was written by somebody else since it was read.", stored, etag);
    }
}
