using System.Collections.Concurrent;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansInference.Grains.Tests.Fakes;

/// <summary>Storage that outlives every silo of a test's cluster, as files or Redis would.</summary>
internal sealed class SharedGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string, GrainId), (object State, string Etag)> _states = new();
    private int _lastEtag;
    private (string Grain, TaskCompletionSource HasFailed)? _failure;

    /// <summary>The next write of a grain whose id contains this fails; the task ends when it has.</summary>
    public Task FailNextWriteOf(string grain)
    {
        var hasFailed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _failure = (grain, hasFailed);
        return hasFailed.Task;
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_states.TryGetValue((stateName, grainId), out var stored))
            (grainState.State, grainState.ETag, grainState.RecordExists) = (((Func<T>)stored.State)(), stored.Etag, true);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_failure is { } failure && grainId.ToString().Contains(failure.Grain, StringComparison.Ordinal))
        {
            _failure = null;
            failure.HasFailed.SetResult();
            throw new IOException("the disk is full");
        }
        if (_states.TryGetValue((stateName, grainId), out var stored) && stored.Etag != grainState.ETag)
            throw new InconsistentStateException($"{grainId} was written by another activation.", stored.Etag, grainState.ETag);
        var etag = $"{Interlocked.Increment(ref _lastEtag)}";
        _states[(stateName, grainId)] = (Freeze(grainState.State), etag);
        (grainState.ETag, grainState.RecordExists) = (etag, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _states.TryRemove((stateName, grainId), out _);
        (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    // What was written must not change with the grain's object, so it is kept as text.
    private static Func<T> Freeze<T>(T? state)
    {
        var options = new JsonSerializerOptions { Converters = { new SiloAddressConverter() } };
        var json = JsonSerializer.Serialize(state, options);
        return () => JsonSerializer.Deserialize<T>(json, options)!;
    }

    private sealed class SiloAddressConverter : System.Text.Json.Serialization.JsonConverter<SiloAddress>
    {
        public override SiloAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            SiloAddress.FromParsableString(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, SiloAddress value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToParsableString());
    }
}
