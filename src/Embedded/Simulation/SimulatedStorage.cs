using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Embedded.Simulation;

/// <summary>Grain states, which outlive every process.</summary>
internal sealed class StorageTable
{
    private readonly Dictionary<(string, GrainId), (string Json, string Etag)> _records = [];
    private long _lastEtag;

    /// <summary>Writes that are still to fail, whoever's they are.</summary>
    public int WritesToFail { get; set; }

    /// <summary>Writes that took place.</summary>
    public long Writes { get; private set; }

    /// <summary>A state was written.</summary>
    public event Action<GrainId, object?>? Written;

    public (string Json, string Etag)? Find(string name, GrainId grainId) =>
        _records.TryGetValue((name, grainId), out var record) ? record : null;

    public string Put(string name, GrainId grainId, string json, object? state)
    {
        var etag = $"{++_lastEtag}";
        _records[(name, grainId)] = (json, etag);
        Writes++;
        Written?.Invoke(grainId, state);
        return etag;
    }

    public void Remove(string name, GrainId grainId) => _records.Remove((name, grainId));
}

/// <summary>A silo's way to the stored states. A write takes its time, and takes place somewhere within it, whether or not its silo lives on.</summary>
internal sealed class SimulatedStorage(StorageTable table, TimeProvider time, Random random) : IGrainStorage
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(8);

    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Step();
        var record = table.Find(stateName, grainId);
        grainState.State = record is { } found ? JsonSerializer.Deserialize<T>(found.Json, Json) : default;
        grainState.ETag = record?.Etag;
        grainState.RecordExists = record is not null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (json, state, known) = (JsonSerializer.Serialize(grainState.State, Json), grainState.State, grainState.ETag);
        await Step();
        Check(stateName, grainId, known);
        var etag = table.Put(stateName, grainId, json, state);
        await Step();
        (grainState.ETag, grainState.RecordExists) = (etag, true);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Step();
        Check(stateName, grainId, grainState.ETag);
        table.Remove(stateName, grainId);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (default, null, false);
    }

    private void Check(string stateName, GrainId grainId, string? known)
    {
        if (table.WritesToFail > 0)
        {
            table.WritesToFail--;
            throw new IOException("No space left on device.");
        }
        var stored = table.Find(stateName, grainId)?.Etag;
        if (stored != known)
            throw new InconsistentStateException(
                $"The state \"{stateName}\" of grain {grainId} was written by somebody else since it was read.", stored, known);
    }

    private Task Step() => Task.Delay(LongestStep * random.NextDouble(), time);
}
